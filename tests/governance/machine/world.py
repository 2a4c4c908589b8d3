"""The stage: the cast with more people, three versions of a model, two environments, and policies that differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from governance.actions.groups import add_member, make_group
from governance.actions.policies import publish
from governance.mirror import sync
from governance.models import ModelVersion, Policy, Profile, Promotion, RegisteredModel
from portal.accounts.models import User
from portal.ledger.key_actions import ensure_key
from tests.conftest import Cast
from tests.governance.machine.mlflow import Mlflow
from tests.governance.promotions_made import audited, make_model, make_version

ALIASES = {"staging": "staging", "production": "champion"}
AUTHORS = {1: "outside@example.org", 2: "kato@example.org", 3: "abe"}  # two of them are approvers
GROUPS = {"model-risk": ("abe", "baba", "ono"), "on-call": ("baba", "chiba", "kato")}
REVIEWERS = ("sato", "kato", "abe")  # Abe sits in both stages, and counts once
PEOPLE = ("ito", "ono", "suzuki", "sato", "kato", "abe", "baba", "chiba", "nakamura", "mori", "hara")


@dataclass(frozen=True)
class Stage:
    group: str
    quorum: int


@dataclass(frozen=True)
class Content:
    """What a policy says of production, in words that the checker understands without the product's parser."""

    tolerance: float = 0.10
    risks: str = "[high]"
    stages: tuple[Stage, ...] = (Stage("reviewer", 1), Stage("model-risk", 1))
    in_order: bool = True
    restore: str = "off"
    window: str = ""

    @cached_property
    def text(self) -> str:
        stages = ", ".join(f"{{group: {stage.group}, quorum: {stage.quorum}}}" for stage in self.stages)
        lineage = """{id: lineage, audit: lineage, title: {en: Lineage, ja: リネージ}, max_age_days: 90,
         labels: [computed, replayed], needs: {items: [run, commit]}}"""
        shut = f"\n    windows: [{self.window}]" if self.window else ""
        return f"""key: default
title: {{en: Machine, ja: 機械}}
environments:
  staging:
    title: {{en: Staging, ja: ステージング}}
    alias: staging
    gates:
      - {lineage}
    approvals: {{stages: [{{group: model-risk, quorum: 1}}], in_order: false, expires_days: 14}}
  production:
    title: {{en: Production, ja: 本番}}
    alias: champion
    restore: {self.restore}{shut}
    gates:
      - {lineage}
      - {{id: fair, audit: fairness, title: {{en: Fair, ja: 公平}}, max_age_days: 90, labels: [computed, replayed],
         risks: {self.risks},
         needs: {{tolerance: {self.tolerance}, measures: [demographic_parity_difference], min_group: 30,
                 unjudged_groups: allow}},
         waivable: {{group: model-risk, max_days: 30}}, ruling: {{group: model-risk, max_days: 30}}}}
    approvals: {{stages: [{stages}], in_order: {str(self.in_order).lower()}, expires_days: 14}}
    break_glass: {{group: on-call, hours: 4, review_days: 3}}
    rollback: {{gates: [lineage], approvals: {{stages: []}}}}
"""

    def stages_of(self, environment: str) -> tuple[Stage, ...]:
        return self.stages if environment == "production" else (Stage("model-risk", 1),)


POLICIES = (
    Content(),
    Content(stages=(Stage("reviewer", 1), Stage("model-risk", 2))),
    Content(tolerance=0.04, stages=(Stage("reviewer", 1),)),
    Content(restore="auto", in_order=False),
    Content(risks="[low, medium, high]", stages=(Stage("model-risk", 1),)),
)
# Whoever waits for its window would wait beyond the end of a run: for what is tried on purpose alone.
WITH_A_WINDOW = Content(window='{days: [tue], from: "09:00", to: "18:00", timezone: Asia/Tokyo}')
BY_TEXT = {one.text: one for one in (*POLICIES, WITH_A_WINDOW)}


class World:
    """Made once; what happens in it is rolled back after each run of the machine."""

    name = "credit-limit"

    def __init__(self) -> None:
        self.cast = Cast()
        for name in ("Kato", "Abe", "Baba", "Chiba"):
            roles = {"is_reviewer": name.lower() in REVIEWERS, "is_administrator": name == "Chiba", "is_auditor": True}
            User.objects.create_user(f"{name.lower()}@example.org", name=name, **roles)
        people = {user.email.partition("@")[0]: user.pk for user in User.objects.all()}
        self.people = {name: people[name] for name in PEOPLE}
        ensure_key()
        self.model_pk = make_model(self.cast, self.name).pk
        self.groups = {}
        for key, members in GROUPS.items():
            self.groups[key] = make_group(key=key, name_en=key, name_ja=key, by=self.cast.admin)
            for name in members:
                add_member(group=self.groups[key], user=self.person(name), by=self.cast.admin)
        publish(text=POLICIES[0].text, by=None)
        for number, author in AUTHORS.items():
            audited(make_version(self.model, number, author=author))
        self.server = self.fresh_server()
        sync(self.model.registry, self.server)
        assert dict(ModelVersion.objects.values_list("number", "author")) == AUTHORS

    def fresh_server(self) -> Mlflow:
        return Mlflow(self.name, AUTHORS)

    def person(self, name: str) -> User:
        """As a request would load them: with nothing kept from before."""
        return User.objects.get(pk=self.people[name])

    @property
    def model(self) -> RegisteredModel:
        return RegisteredModel.objects.select_related("registry", "team", "profile").get(pk=self.model_pk)

    @property
    def profile(self) -> Profile:
        return Profile.objects.get(model=self.model_pk)

    def version(self, number: int) -> ModelVersion:
        found = ModelVersion.objects.select_related("model__registry", "model__team", "model__profile")
        return found.get(model=self.model_pk, number=number)

    def promotion(self, pk: int) -> Promotion:
        whole = "version__model__registry", "version__model__team", "version__model__profile", "policy", "requested_by"
        return Promotion.objects.select_related(*whole).get(pk=pk)

    @staticmethod
    def in_force() -> Policy:
        """The one that was published last, by its number and no clock."""
        return Policy.objects.filter(key="default").order_by("-version").first()


def now():
    return timezone.now()
