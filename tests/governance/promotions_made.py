"""Rows for tests of promotions: a registry, a model with its profile, versions, and audits kept by the real action."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from governance.actions import promotions
from governance.actions.audit_keeping import keep_audit
from governance.actions.policies import ensure_default_policy
from governance.models import Audit, ModelVersion, Profile, Promotion, RegisteredModel, Registry
from portal.message import Message
from tests.governance.evidence_made import RESULTS

FILES = "sha256:files"


def make_model(cast, name: str = "credit-limit", address: str = "http://127.0.0.1:9", **profile) -> RegisteredModel:
    """A model of the cast's team with a profile, in a registry at an address."""
    ensure_default_policy()
    slug = "registry-" + address.rpartition(":")[2]
    registry, _ = Registry.objects.get_or_create(slug=slug, defaults={"name": slug, "address": address})
    model = RegisteredModel.objects.create(registry=registry, name=name, team=cast.team)
    fields = {"intended_use": "Limits of cards", "population": "Adults", "risk": "high", "kind": "tabular"}
    Profile.objects.create(model=model, **{**fields, **profile})
    return model


def make_version(model: RegisteredModel, number: int = 1, files: str = FILES, **fields) -> ModelVersion:
    return ModelVersion.objects.create(model=model, number=number, artifact_digest=files, run_id=f"r{number}", **fields)


def audit(version: ModelVersion, kind: str, result: dict | None = None, outcome: str = "pass", **fields) -> Audit:
    """Keep an audit as a job would; `age` in days makes it old."""
    age = fields.pop("age", 0)
    kept = keep_audit(
        version=version,
        kind=kind,
        outcome=outcome,
        message=fields.pop("message", Message(f"{kind}.pass", {})),
        result=RESULTS[kind]() if result is None else result,
        inputs={"profile": version.model.profile.digest, "artifact": version.artifact_digest},
        label=fields.pop("label", "replayed"),
    )
    if age:
        Audit.objects.filter(pk=kept.pk).update(created_at=timezone.now() - timedelta(days=age))
    return kept


def audited(version: ModelVersion, **results) -> ModelVersion:
    """The version with an audit of each kind, all passing but for the results given."""
    for kind in RESULTS:
        audit(version, kind, results.get(kind))
    return version


def requested(cast, version: ModelVersion | None = None, by=None, environment: str = "production") -> Promotion:
    version = version or audited(make_version(make_model(cast)))
    return promotions.request(version=version, environment=environment, reason="Better.", by=by or cast.member)


def approved(cast, version: ModelVersion | None = None, environment: str = "production") -> Promotion:
    promotion = requested(cast, version, environment=environment)
    return promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
