"""Tokens that were minted, and kits for an emergency."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from governance.models import EmergencyKit, MintedToken

OVERSEEN = {"governance.EmergencyKit", "governance.MintedToken"}
SECRETS = {"sealed-words-of-a-kit"}
PAGES = {"connection-gate"}
ROLES = {"connection-gate", "kit-withdraw"}


def build(ground, cast) -> dict[str, dict]:
    soon = timezone.now() + timedelta(minutes=1)
    custodians = [str(person.pseudonym) for person in (cast.manager, cast.reviewer)]
    kit = EmergencyKit.objects.create(
        registry=ground.registry, model_names=[ground.model.name], alias="champion", custodians=custodians,
        sealed="sealed-words-of-a-kit", made_by=cast.admin, expires_at=soon, event=uuid.uuid4(),
    )  # fmt: skip
    MintedToken.objects.create(
        action="alias.set", registry=ground.registry, model=ground.model.name, alias="champion", old=None, new="1",
        kit=kit, expires_at=soon,
    )  # fmt: skip
    slug = {"slug": ground.registry.slug}
    return {"connection-gate": slug, "kit-withdraw": slug | {"pk": kit.pk}}
