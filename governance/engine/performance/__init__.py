"""How good is it, how sure are we, and where is it worst?"""

from governance.engine.performance.audit import audit_performance

__all__ = ["audit_performance"]
