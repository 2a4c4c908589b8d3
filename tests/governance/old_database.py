"""A database of the schema before gates, filled by its own models, then migrated and worked with.

``python -m tests.governance.old_database`` does it in the database that the settings name, which has to be empty, and
prints what it found. The rows are those that the portal wrote then: a version in place, one approved whose move waits,
one asked for, audits, and a numbered ledger without a tree.
"""

from __future__ import annotations

import json
import uuid
from types import SimpleNamespace

BEFORE = [
    *[("accounts", "0002_team_holidays"), ("governance", "0006_profile_pools"), ("ledger", "0001_initial")],
    *[("jobs", "0002_hosts"), ("inbox", "0001_initial"), ("pdf", "0002_document_pages")],
]


def old_models() -> SimpleNamespace:
    """The models as they were, over a database of that time."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    executor.loader.build_graph()
    apps = executor.loader.project_state(BEFORE).apps
    names = {"accounts": ("User", "Unit", "Team", "Membership"), "ledger": ("Event", "Head")}
    names["governance"] = ("Registry", "RegisteredModel", "ModelVersion", "Profile", "Policy", "Audit", "Promotion")
    names["governance"] += ("Decision", "Move", "Placement")
    return SimpleNamespace(**{name: apps.get_model(app, name) for app, some in names.items() for name in some})


class Filling:
    """What the portal of then would have written."""

    def __init__(self, old: SimpleNamespace) -> None:
        from django.utils import timezone

        from governance.policy import DEFAULT, digest_of_text

        self.old, self.now = old, timezone.now()
        people = {"ito": {}, "sato": {"is_reviewer": True}, "mori": {"is_administrator": True}}
        self.people = {
            name: old.User.objects.create(email=f"{name}@example.org", name=name.title(), password="!", **roles)
            for name, roles in people.items()
        }
        self.team = old.Team.objects.create(unit=old.Unit.objects.create(name="Retail"), name="Risk", slug="risk")
        old.Membership.objects.create(user=self.people["ito"], team=self.team, role="member")
        registry = old.Registry.objects.create(name="Main", slug="main", address="http://127.0.0.1:9")
        self.model = old.RegisteredModel.objects.create(
            registry=registry, name="credit-limit", team=self.team, aliases={"champion": 1}
        )
        self.profile = old.Profile.objects.create(
            model=self.model, intended_use="Limits", population="Adults", risk="high"
        )
        text = DEFAULT.read_text("utf-8")
        self.policy = old.Policy.objects.create(key="default", version=1, text=text, digest=digest_of_text(text))
        self.events = 0

    def version(self, number: int):
        from governance.models import Profile, digest_of
        from tests.governance.evidence_made import RESULTS

        files = "sha256:files"
        made = self.old.ModelVersion.objects.create(
            model=self.model, number=number, run_id=f"r{number}", author="hara", artifact_digest=files
        )
        content = {name: getattr(self.profile, name) for name in Profile.FIELDS}
        inputs = {"artifact": files, "profile": Profile.digest_with(content, {})}
        digests = {}
        for kind, result in RESULTS.items():
            said = {"kind": kind, "outcome": "pass", "label": "replayed", "result": result(), "inputs": inputs}
            digests[kind] = digest_of(said)
            self.old.Audit.objects.create(
                version=made, message={"code": f"{kind}.pass", "params": {}}, digest=digests[kind], **said
            )
        bound = {"artifact": files, "policy": self.policy.digest, "profile": inputs["profile"]}
        return made, bound | {"evidence": digest_of(digests)}

    def promotion(self, number: int, state: str):
        """A request, with its approval and its move as far as it has come."""
        version, bound = self.version(number)
        row = self.old.Promotion.objects.create(
            version=version, environment="production", policy=self.policy, state=state, outcome="pass", bound=bound,
            requested_by=self.people["ito"], rev=1 if state == "open" else 2,
        )  # fmt: skip
        self.tell("promotion.request", row, "ito", 1)
        if state == "open":
            return
        event = self.tell("promotion.approve", row, "sato", 2, before={"state": "open"}, after={"state": "approved"})
        by = {"decision": "approve", "by": self.people["sato"], "event": event}
        self.old.Decision.objects.create(promotion=row, bound=bound, **by)
        done = {"state": "done", "done_at": self.now} if state == "done" else {}
        self.old.Move.objects.create(
            promotion=row, model=self.model, alias="champion", number=number, event=event, **done
        )
        if done:
            self.old.Placement.objects.create(
                model=self.model, environment="production", version=version, promotion=row, since=self.now
            )

    def tell(self, action: str, row, who: str, rev: int, **states) -> uuid.UUID:
        """An event as it was written then: numbered, in no tree."""
        from portal.ledger.canonical import canonical_json, leaf_hash

        key, label = uuid.uuid4(), f"credit-limit {row.version.number} → production"
        self.events += 1
        entry = {
            "form": "sekisho.event/1",
            "id": str(key),
            "at": self.now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "actor": str(self.people[who].pseudonym),
            "action": action,
            "subject": {"type": "promotion", "id": str(row.pk), "label": label},
            **{"before": {}, "after": {}, "texts": {}, "params": {"rev": rev, "environment": "production"}, **states},
        }
        body = canonical_json(entry)
        self.old.Event.objects.create(
            uuid=key, seq=self.events, at=self.now, actor=self.people[who].pseudonym, action=action,
            team_id=self.team.pk,
            subject_type="promotion", subject_id=str(row.pk), subject_label=label, body=body.decode(),
            leaf_hash=leaf_hash(body),
        )  # fmt: skip
        self.old.Head.objects.update_or_create(id=1, defaults={"size": self.events})
        return key


def fill(old: SimpleNamespace) -> None:
    made = Filling(old)
    for number, state in ((1, "done"), (2, "approved"), (3, "open")):
        made.promotion(number, state)


def work() -> dict:
    """What the portal of now does with it."""
    from django.test import Client

    from governance.actions import promotions
    from governance.actions.rollback import rollback
    from governance.models import ModelVersion, Placement, Promotion
    from governance.moves import outbox, watch
    from portal.accounts.models import User
    from portal.jobs.models import Job
    from portal.jobs.runner import run_job
    from portal.ledger.checking import check_ledger
    from portal.ledger.models import Event
    from portal.ledger.signing import checkpoint_now
    from tests.governance.fake_registry import FakeRegistry

    server = FakeRegistry(aliases={"champion": "1"})
    outbox.connect = lambda registry: server
    people = {user.email.partition("@")[0]: user for user in User.objects.all()}
    seen = []

    def move() -> None:
        watch()
        for job in Job.objects.filter(kind="move.run", state="queued").values_list("pk", flat=True):
            run_job(job)
        seen.append(server.aliases["champion"])

    move()  # what was approved before goes by that approval
    asked = Promotion.objects.get(state="open")
    promotions.recompute(promotion=asked)
    asked.refresh_from_db()
    promotions.approve(promotion=asked, rev=asked.rev, by=people["sato"])
    move()
    first = ModelVersion.objects.select_related("model__profile", "model__team").get(number=1)
    rollback(version=first, environment="production", reason="As it was.", by=people["ito"])
    move()
    client = Client()
    client.force_login(people["sato"], backend="allauth.account.auth_backends.AuthenticationBackend")
    pages = ["/", "/models/", f"/models/{first.model_id}/", "/promotions/", f"/promotions/{asked.pk}/", "/findings/"]
    checkpoint = checkpoint_now()
    return {
        "aliases": seen,
        "states": list(Promotion.objects.order_by("pk").values_list("state", flat=True)),
        "placed": list(Placement.objects.order_by("pk").values_list("version__number", flat=True)),
        "pages": {page: client.get(page).status_code for page in pages},
        "problems": [str(problem) for problem in check_ledger().problems],
        "signed": checkpoint.size == Event.objects.count(),
        "moved": Event.objects.filter(action="promotion.moved").count(),
    }


def main() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.JOBS_DISPATCH, settings.ALLOWED_HOSTS = False, ["*"]
    fill(old_models())
    call_command("migrate", verbosity=0)
    print(json.dumps(work()))


if __name__ == "__main__":
    main()
