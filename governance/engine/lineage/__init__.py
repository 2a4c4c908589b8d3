"""What made a version, and what is not on record of it?"""

from governance.engine.lineage.audit import audit_lineage

__all__ = ["audit_lineage"]
