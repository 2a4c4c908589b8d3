"""Is anyone treated worse, and are we sure?"""

from governance.engine.fairness.audit import audit_fairness, judge_cube

__all__ = ["audit_fairness", "judge_cube"]
