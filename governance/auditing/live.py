"""Which version works in production now: what a new one is compared with."""

from __future__ import annotations

from governance.facts import PRODUCTION
from governance.models import ModelVersion
from governance.verdict import environments


def live_version(version: ModelVersion) -> ModelVersion | None:
    """The version of the same model that is in production now, if that is another one.

    It was placed there by a promotion; failing that, it stands under the alias of production in MLflow.
    """
    model = version.model
    placement = model.placements.filter(environment=PRODUCTION, until=None).first()
    if placement:
        live = model.versions.present().filter(pk=placement.version_id).first()
    else:
        environment = environments().get(PRODUCTION)
        number = model.aliases.get(environment.alias) if environment else None
        live = model.versions.present().filter(number=number).first() if number else None
    return None if live is None or live.pk == version.pk else live
