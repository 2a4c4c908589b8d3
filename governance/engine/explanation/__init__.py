"""What drove the output, and can that be trusted?"""

from governance.engine.explanation.audit import audit_explanation

__all__ = ["audit_explanation"]
