"""Where environments lie."""

from __future__ import annotations

from governance.models import Place

OF_ALL = {"governance.Place"}


def build(ground, cast) -> dict[str, dict]:
    Place.objects.create(environment="production", registry=ground.registry)
    return {}
