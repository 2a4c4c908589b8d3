"""Where environments lie."""

from __future__ import annotations

from governance.models import Place

OF_ALL = {"governance.Place"}
ROLES = {"environment-place", "environment-place-remove"}
PAGES = {"environments", "moves", "environment-place", "model-on", "model-rollback"}


def build(ground, cast) -> dict[str, dict]:
    Place.objects.create(environment="production", registry=ground.registry)
    pk = {"pk": ground.model.pk}
    place = {"key": "production", "slug": ground.registry.slug}
    return {
        **dict.fromkeys(("model-on", "model-rollback"), pk),
        **dict.fromkeys(("environment-place", "environment-place-remove"), place),
    }
