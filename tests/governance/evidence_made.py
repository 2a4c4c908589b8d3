"""Evidence made for tests, in the schemas of the engines (`test_gates` holds it against the real ones)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from governance.gates import AuditEvidence, Subject
from governance.policy import DEFAULT, parse
from portal.message import Message

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = parse(DEFAULT.read_text("utf-8"))
PRODUCTION = POLICY.environments["production"]
STAGING = POLICY.environments["staging"]
SUBJECT = Subject(kind="tabular", risk="high", artifact_digest="sha256:files", profile_digest="sha256:profile")
MEASURES = ("demographic_parity_difference", "equalized_odds_difference")


def gap(metric: str, value: float | None, low: float | None, high: float | None, unjudged: int = 0) -> dict:
    ends = {
        "highest": {"group": {"sex": "M"}, "value": 0.5, "n": 5000},
        "lowest": {"group": {"sex": "F"}, "value": 0.5 - (value or 0), "n": 4000},
    }
    return {
        "feature": "sex",
        "features": ["sex"],
        "metric": metric,
        "rate": "selection_rate" if value is not None else None,
        "value": value,
        "low": low,
        "high": high,
        "tolerance": 0.1,
        "verdict": "pass",
        "judged": True,
        "unjudged": unjudged,
        **ends,
        "message": Message("fairness.gap.too_few", {"feature": "sex", "rate": "x", "min_group": 30}).to_json(),
        "advice": None,
    }


def fairness(value=0.03, low=0.01, high=0.05, *, left_out=0, smallest=4000, unjudged=0) -> dict:
    return {
        "schema": "sekisho.fairness/1",
        "verdict": "pass",
        "rows": 9000,
        "missing": {"left_out": left_out},
        "settings": {"tolerance": 0.1, "min_group": 30, "confidence": 0.95},
        "groups": [
            {"group": {"sex": "M"}, "n": 5000, "judged": True},
            {"group": {"sex": "F"}, "n": smallest, "judged": smallest >= 30},
        ],
        "gaps": [gap(metric, value, low, high, unjudged) for metric in MEASURES],
    }


def lineage(missing: tuple[str, ...] = (), unread: tuple[str, ...] = ()) -> dict:
    def item(key: str) -> dict:
        outcome = "fail" if key in missing else "not_evaluated" if key in unread else "pass"
        remedy = Message(f"lineage.fix.{key}").to_json() if outcome == "fail" else None
        return {"key": key, "required": True, "outcome": outcome, "remedy": remedy}

    keys = ("run", "commit", "dataset", "signature", "environment", "artifact", "parameters")
    return {"schema": "sekisho.lineage/1", "verdict": "pass", "items": [item(key) for key in keys]}


def explanation(reliance: float | None = 0.1, interval: tuple[float, float] | None = None, rows: int = 1000) -> dict:
    return {
        "schema": "sekisho.explanation/1",
        "verdict": "pass",
        "sensitive_reliance": reliance,
        "sensitive_interval": interval and list(interval),
        "rows": {"used": rows, "of": 20_000},
        "sampling": {"asked": 0.05, "reached": 0.04, "stopped": "precision"},
        "confidence": 0.95,
    }


RESULTS = {"lineage": lineage, "fairness": fairness, "explanation": explanation}


def evidence(kind: str, result: dict | None = None, **fields) -> AuditEvidence:
    made = {
        "kind": kind,
        "outcome": "pass",
        "message": Message(f"{kind}.pass", {}),
        "result": RESULTS[kind]() if result is None else result,
        "label": "replayed",
        "created_at": NOW - timedelta(days=1),
        "digest": f"sha256:{kind}",
        "artifact_digest": SUBJECT.artifact_digest,
        "profile_digest": SUBJECT.profile_digest,
        "id": 1,
    }
    return AuditEvidence(**{**made, **fields})


def all_evidence(**changed) -> dict[str, AuditEvidence]:
    """Evidence of every kind that passes, but for those given; None leaves one out."""
    made = {kind: evidence(kind) for kind in RESULTS} | changed
    return {kind: item for kind, item in made.items() if item is not None}
