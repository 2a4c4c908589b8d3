"""Has what comes in, or what goes out, changed?"""

from governance.engine.drift.audit import audit_drift

__all__ = ["audit_drift"]
