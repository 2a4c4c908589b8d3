"""What would a model load and run, and can its answers be repeated?"""

from governance.engine.safety.audit import audit_safety

__all__ = ["audit_safety"]
