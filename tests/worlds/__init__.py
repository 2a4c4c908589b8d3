"""One object of everything, area by area, for the tests that walk every address, every model and every page.

A module below is an area. Its ``build(ground, cast)`` makes rows of each of its models, all of the cast's first team,
and returns what its addresses need: the name of an address → its arguments. It may say more in sets of names:

========== ==========================================================================================================
PAGES      addresses that are walked in the browser
SHARED     addresses that are the same for everybody who is signed in, although they name an object
ABSENT     addresses that are not there in this world, whoever asks
ROLES      addresses that answer 403 to who lacks a role, whatever object they name
SIGNED     addresses without a session: a signature in the request is the permission
HIDDEN     who of the cast (``"auditor"``) → addresses that are not there for them
SECRETS    texts that nobody outside the team may read on any page
OF_ALL     models (``"governance.Place"``) of the organisation as a whole
OVERSEEN   models for administrators and auditors alone
PERSONAL   models of persons: opening a team does not show them
========== ==========================================================================================================
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from importlib import import_module

from django.urls import reverse
from django.utils import timezone

from governance.models import ModelVersion, Placement, Promotion, RegisteredModel, Registry


@dataclass(frozen=True)
class Ground:
    """What areas stand on: a model of the cast's first team, a version asked for, and one that stands somewhere."""

    version: ModelVersion
    promotion: Promotion
    placement: Placement

    @property
    def model(self) -> RegisteredModel:
        return self.version.model

    @property
    def registry(self) -> Registry:
        return self.model.registry


def areas() -> list:
    return [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


def build(ground: Ground, cast) -> dict[str, dict]:
    """The rows of all areas, and what their addresses need."""
    given: dict[str, dict] = {}
    for area in areas():
        more = area.build(ground, cast)
        assert not given.keys() & more.keys(), f"{area.__name__} names addresses of another area"
        given |= more
    return given


def pages(ground: Ground, cast) -> dict[str, str]:
    """The rows of all areas, and the addresses of their pages by their names."""
    given = build(ground, cast)
    return {name: reverse(name, kwargs=given.get(name)) for name in sorted(named("PAGES"))}


def named(what: str) -> set[str]:
    """The names that areas give under a heading."""
    return {name for area in areas() for name in getattr(area, what, ())}


def hidden(who: str) -> set[str]:
    return {name for area in areas() for name in getattr(area, "HIDDEN", {}).get(who, ())}


def placed(promotion: Promotion, environment: str = "staging") -> Placement:
    """A placement of the version, as if an earlier promotion like this one had been carried out."""
    done = Promotion.objects.create(
        version=promotion.version, environment=environment, policy=promotion.policy, state="done",
        requested_by=promotion.requested_by, closed_at=timezone.now(),
    )  # fmt: skip
    return Placement.objects.create(
        model=done.version.model, environment=environment, version=done.version, promotion=done, since=timezone.now()
    )
