"""A model with every audit, its data and its interpreters, and the addresses of their pages."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from governance.models import EvaluationSet, Interpreter
from portal.message import Message
from portal.web.errors import DomainError
from tests.governance import factories
from tests.governance.agreed import use_set
from tests.governance.drift_made import audit_drift
from tests.governance.evaluation_made import PEOPLE, uploaded
from tests.governance.models_made import write_model


def addresses(cast) -> dict[str, str]:
    """Full, failing and not audited: a version that is worse than the live one, and a bare one."""
    model = factories.make_model(cast.team, "evaluated", profile={"sensitive_columns": ["sex"]})
    gold = uploaded(cast.team, cast.manager)
    people = uploaded(cast.team, cast.manager, text=PEOPLE, name="People", file="people.csv")
    with suppress(DomainError):  # its lines are not divided alike
        uploaded(cast.team, cast.manager, text="a,b\n1,2,3\n", name="Broken", file="broken.csv")
    broken = EvaluationSet.objects.get(name="Broken")
    use_set(model=model, one=gold, role="gold", by=cast.manager)
    use_set(model=model, one=people, role="sensitive", key_columns=["id"], by=cast.manager)
    use_set(model=model, one=gold, role="challenger", by=cast.reviewer)
    version, bare = factories.make_version(model, 1), factories.make_version(model, 2)
    factories.audit_all(version)
    factories.audit_performance(version, live=2)
    factories.audit_explanation(bare, adds_up=False)
    audit_drift(version)
    _audit_safety(version)
    inside = {"pandas": "2.2.3", "numpy": "1.26.4"}
    python = Interpreter.objects.create(
        name="2024", executable="/opt/2024/bin/python", python="3.11.7", packages=inside
    )
    of, none = f"/models/{model.pk}/versions/1/", f"/models/{model.pk}/versions/2/"
    return {
        "performance": f"{of}performance/",
        "drift": f"{of}drift/",
        "safety": f"{of}safety/",
        "fairness, passed": f"{of}fairness/",
        "performance, not audited": f"{none}performance/",
        "drift, not audited": f"{none}drift/",
        "explanation that does not add up": f"{none}explanation/",
        "comparison": f"/models/{model.pk}/compare/",
        "data of a model": f"/models/{model.pk}/data/",
        "columns": f"/models/{model.pk}/data/columns/",
        "evaluation sets": "/evaluation-sets/",
        "evaluation set": f"/evaluation-sets/{gold.pk}/",
        "evaluation set, refused": f"/evaluation-sets/{broken.pk}/",
        "change an evaluation set": f"/evaluation-sets/{gold.pk}/change/",
        "new evaluation set": "/evaluation-sets/new/",
        "new evaluation set, table": "/evaluation-sets/new/?source=table",
        "open a database": "/data-connections/new/",
        "interpreters": "/interpreters/",
        "interpreter": f"/interpreters/{python.pk}/",
        "new interpreter": "/interpreters/new/",
        "sandbox": "/sandbox/",
    }


def _audit_safety(version) -> None:
    """The real audit of a model's files; nothing of it is run."""
    from governance.engine.safety.audit import audit_safety

    with tempfile.TemporaryDirectory() as folder:
        found = audit_safety(write_model(Path(folder) / "model"), unreplayed=Message("safety.replay.no_data")).to_json()
    factories.keep(version, "safety", found["verdict"], Message.from_json(found["message"]), found, "computed")
