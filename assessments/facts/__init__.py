"""The facts that evidence rules may look at: what each counts, in which unit, on how many items.

Pure: no Django. Collectors give facts by these names, and rules that name another are refused,
since a misspelt fact would stay unknown for ever. A third part of a name narrows the second:
``gov.thresholds.retraining`` is the part of ``gov.thresholds`` that speaks of retraining.
"""

from __future__ import annotations

from assessments.facts import records, repositories, runs, systems
from assessments.facts.kinds import Kind, Unit
from portal.message import gettext_noop, register

__all__ = ["CATALOGUE", "SOURCES", "Kind", "Unit"]

SOURCES = {
    "mlf": gettext_noop("MLflow"),
    "git": gettext_noop("Git repositories"),
    "ci": gettext_noop("CI files and results"),
    "pipe": gettext_noop("pipeline files and runs"),
    "k8s": gettext_noop("Kubernetes manifests"),
    "iac": gettext_noop("infrastructure files"),
    "gov": gettext_noop("the portal's records"),
    "cloud": gettext_noop("cloud platforms"),
    "push": gettext_noop("pushed events"),
    "team": gettext_noop("the team's page"),
    "live": gettext_noop("the production environment"),
}

CATALOGUE: dict[str, Kind] = {
    kind.name: kind for kind in (*runs.KINDS, *repositories.KINDS, *systems.KINDS, *records.KINDS)
}

register({f"maturity.fact.{kind.name}": kind.label for kind in CATALOGUE.values()})
register({f"maturity.source.{name}": label for name, label in SOURCES.items()})
