"""The demo's story, told through the product's own actions: nothing in it is set by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import translation

from assessments.collectors import collect_for
from assessments.levels import current_score
from assessments.models import Assessment
from governance.actions import promotions, registries
from governance.actions.policies import ensure_default_policy
from governance.actions.profile_changes import agree
from governance.actions.profiles import propose_profile, waiting_change
from governance.audit_kinds import kinds_for
from governance.mirror import ask_for_mirror
from governance.models import ModelVersion, Profile, Promotion, PromotionState, RegisteredModel, Registry
from portal.accounts.models import Team, User
from portal.demo import profiles
from portal.demo.assessing import CLAIMS, FRAMEWORK, REVIEWED, assess, review_and_sign
from portal.demo.people import make_people
from portal.demo.steps import Step, StoryFailed, numbers, wait_for, wait_for_jobs
from portal.ledger.models import Event, Head
from portal.web.errors import DomainError
from portal.web.say import say

REGISTRY = "Demo MLflow"
PRODUCTION = "production"


@dataclass
class Story:
    """Tells the story once; a second telling finds what is there and does the rest.

    Parameters
    ----------
    tracking_uri : str
        The demo's MLflow server.
    password : str
        Of the demo's people.
    say_progress : callable
        Gets one sentence a step.
    """

    tracking_uri: str
    password: str
    say_progress: Callable[[str], None]
    steps: list[Step] = field(default_factory=list)
    people: dict[str, User] = field(default_factory=dict)

    def tell(self) -> list[Step]:
        """Tell it to its end; a step that cannot be done ends the story with that step failed."""
        chapters = (
            ("people and teams", self._people),
            ("connection", self._connect),
            ("first models", self._first_models),
            ("profiles and audits", self._audit_first_models),
            ("lending 1", self._lending_refused),
            ("lending 2", self._lending_promoted),
            ("assessments", self._assess),
            ("imaging 1", self._imaging_refused),
            ("diabetes care 1", self._diabetes),
            ("levels", self._collect),
            ("review", self._review),
            ("reports", self._reports),
            ("ledger", self._ledger),
        )
        with translation.override("en"):
            for name, chapter in chapters:
                self.say_progress(name)
                try:
                    chapter()
                except (StoryFailed, DomainError, subprocess.SubprocessError, OSError) as error:
                    self.steps.append(Step(name, "the step to end", f"{type(error).__name__}: {error}", False))
                    break
        return self.steps

    def _note(self, step: str, expected: str, observed: str, ok: bool, **more) -> None:
        self.steps.append(Step(step, expected, observed, ok, **more))
        self.say_progress(f"  {'ok' if ok else 'NOT OK'}: {observed}")

    # -- the ground ------------------------------------------------------------------------------

    def _people(self) -> None:
        self.people = make_people(self.password)
        ensure_default_policy()
        count = Team.objects.filter(slug__in=CLAIMS).count()
        self._note("people and teams", "3 teams, 7 people", f"{count} teams, {len(self.people)} people", count == 3)

    def _connect(self) -> None:
        registry = Registry.objects.filter(name=REGISTRY).first()
        if registry is None:
            registry = registries.connect_registry(name=REGISTRY, address=self.tracking_uri, by=self.people["mori"])
        elif registry.address != self.tracking_uri:
            registries.change_registry(
                registry=registry, address=self.tracking_uri, username="", password=None, enabled=True,
                by=self.people["mori"],
            )  # fmt: skip
        self.registry = registry
        self._mirror()
        registry.refresh_from_db()
        self._note(
            "registry connected and mirrored",
            "mirrored without an error",
            "mirrored" if not registry.error else say(registry.error),
            not registry.error,
            ledger=numbers("registry", registry.pk),
        )

    def _mirror(self) -> None:
        job = ask_for_mirror(registry=self.registry)
        wait_for(
            lambda: type(job).objects.filter(pk=job.pk).exclude(state__in=("queued", "running")).exists(), "mirror"
        )

    def _version(self, name: str, number: int) -> ModelVersion | None:
        return ModelVersion.objects.filter(model__registry=self.registry, model__name=name, number=number).first()

    # -- training --------------------------------------------------------------------------------

    def _train(self, *wanted: tuple[str, str, int]) -> None:
        """Train and register what the registry does not hold yet, each in a process of its own."""
        for what, name, number in wanted:
            if self._version(name, number):
                continue
            self.say_progress(f"  training {what}, version {number}")
            command = [
                sys.executable, "-m", "portal.demo.training", "--tracking-uri", self.tracking_uri,
                "--home", str(settings.SEKISHO_HOME / "demo"), "--what", what, "--version", str(number),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=settings.ROOT, check=False)
            if done.returncode:
                raise StoryFailed(f"training {what}: {done.stderr.strip()[-600:]}")
            told = json.loads(done.stdout.strip().splitlines()[-1])
            if (told["model"], int(told["version"])) != (name, number):
                raise StoryFailed(f"training {what} registered {told['model']} {told['version']}, not {name} {number}")
        self._mirror()

    def _first_models(self) -> None:
        self._train(*((what, about.name, 1) for what, about in profiles.MODELS.items()))
        for what, about in profiles.MODELS.items():
            version = self._version(about.name, 1)
            self._note(
                f"{what}: version 1 mirrored",
                "a version with its run",
                f"{version}, run {version.run_id[:12]}" if version else "not there",
                bool(version and version.run),
                run_id=version.run_id if version else "",
            )

    def _audit_first_models(self) -> None:
        for about in profiles.MODELS.values():
            model = RegisteredModel.objects.get(registry=self.registry, name=about.name)
            if not hasattr(model, "profile"):
                team = Team.objects.get(slug=about.team)
                # An unclaimed model is claimed by its team's manager.
                propose_profile(model=model, team=team, fields=about.fields(), by=self.people[about.manager])
            if change := waiting_change(model):
                agree(change=change, digest=change.digest, by=self.people["sato"])
            self._note(
                f"{about.name}: profile",
                "agreed to by somebody else than who wrote it",
                f"agreed to by {model.profile_versions.latest('number').agreed_by or 'nobody on record'}",
                Profile.objects.get(model=model).agreed,
                ledger=numbers("model", model.pk, "profile.agree"),
            )
        wait_for_jobs(240)
        for what, about in profiles.MODELS.items():
            version = self._version(about.name, 1)
            audits = {audit.kind: audit for audit in version.audits.order_by("created_at")}
            expected = {str(kind) for kind in kinds_for(version.model.profile)}
            told = "; ".join(f"{kind}: {audit.outcome}" for kind, audit in sorted(audits.items()))
            self._note(
                f"{what}: version 1 audited",
                f"audited: {', '.join(sorted(expected))}",
                told or "no audit",
                set(audits) == expected,
                run_id=version.run_id,
                ledger=numbers("version", version.pk, "audit.keep"),
            )

    # -- maturity --------------------------------------------------------------------------------

    def _assess(self) -> None:
        for slug, claim in CLAIMS.items():
            team = Team.objects.get(slug=slug)
            collect_for(team)  # what is live counts: without a live model nothing is known of "each live model"
            manager = next(self.people[about.manager] for about in profiles.MODELS.values() if about.team == slug)
            assessment = assess(team, manager)
            level = assessment.score["overall"]["claimed"]
            self._note(
                f"{team.name}: assessment",
                f"claimed level {claim.overall}",
                f"claimed level {level}",
                level == claim.overall,
                ledger=numbers("assessment", assessment.pk, "assessment.submit"),
            )

    def _collect(self) -> None:
        from assessments import catalogue

        for slug in CLAIMS:
            team = Team.objects.get(slug=slug)
            found = collect_for(team)
            score = current_score(team, catalogue.current(FRAMEWORK))
            self._note(
                f"{team.name}: evidence",
                "facts collected, evidenced level not above what they show",
                f"{sum(found.facts.values())} facts; claimed {score.overall.claimed}, "
                f"evidenced {score.overall.evidenced}",
                not found.failed and sum(found.facts.values()) > 0,
            )

    def _review(self) -> None:
        """Somebody from outside the team looks at its answers and signs: from then on levels are official."""
        from assessments import catalogue

        team = Team.objects.get(slug=REVIEWED)
        framework = catalogue.current(FRAMEWORK)
        assessment = Assessment.objects.closed().filter(team=team, framework=FRAMEWORK).latest("submitted_at")
        review_and_sign(assessment, self.people["sato"])
        score = current_score(team, framework)
        verdicts = assessment.reviews.count()
        self._note(
            f"{team.name}: review",
            "signed from outside the team; official level above 0 and not above the claimed one",
            f"verdicts: {verdicts}; claimed {score.overall.claimed}, official {score.overall.official}",
            verdicts > 0 and 0 < score.overall.official <= score.overall.claimed,
            ledger=numbers("assessment", assessment.pk, "assessment.sign"),
        )

    # -- promotions ------------------------------------------------------------------------------

    def _request(self, version: ModelVersion, by: str, reason: str) -> Promotion:
        kept = Promotion.objects.filter(version=version, environment=PRODUCTION).first()
        if kept:
            return kept
        promotion = promotions.request(version=version, environment=PRODUCTION, reason=reason, by=self.people[by])
        wait_for_jobs(240)
        promotions.recompute(promotion=promotion)
        promotion.refresh_from_db()
        return promotion

    def _gate(self, promotion: Promotion, audit: str) -> dict:
        return next((gate for gate in promotion.verdict["results"] if gate["audit"] == audit), {})

    def _refused(self, promotion: Promotion, audit: str, reason: str, name: str) -> None:
        """The gate fails; an approval is not possible; the reviewer refuses with the reason."""
        gate = self._gate(promotion, audit)
        self._note(
            f"{name}: {audit} gate",
            "fail",
            f"{gate.get('outcome')}: {say(gate.get('message'))}",
            gate.get("outcome") == "fail",
            run_id=promotion.version.run_id,
            ledger=numbers("promotion", promotion.pk),
        )
        if promotion.state == PromotionState.OPEN:
            try:
                promotions.approve(promotion=promotion, rev=promotion.rev, by=self.people["sato"])
                observed, ok = "the approval was accepted", False
            except DomainError as error:
                observed, ok = say(error.message), True
            self._note(f"{name}: approval tried", "not possible while a gate fails", observed, ok)
            promotion.refresh_from_db()
            promotions.refuse(promotion=promotion, rev=promotion.rev, reason=reason, by=self.people["sato"])
            promotion.refresh_from_db()
        alias = self._alias(promotion.version.model.name)
        self._note(
            f"{name}: refused",
            "refused, and the alias points elsewhere",
            f"{promotion.state}; champion is {alias or 'not set'}",
            promotion.state == PromotionState.REFUSED and alias != str(promotion.version.number),
            ledger=numbers("promotion", promotion.pk, "promotion.refuse"),
            alias=alias,
        )

    def _alias(self, name: str, alias: str = "champion") -> str:
        """What a plain MLflow client reads, in a process that knows nothing of the portal."""
        program = (
            "import sys; from mlflow import MlflowClient; "
            "m = MlflowClient(tracking_uri=sys.argv[1], registry_uri=sys.argv[1]).get_registered_model(sys.argv[2]); "
            "print(m.aliases.get(sys.argv[3], ''))"
        )
        command = [sys.executable, "-c", program, self.tracking_uri, name, alias]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout.strip()

    def _lending_refused(self) -> None:
        version = self._version(profiles.MODELS["lending"].name, 1)
        promotion = self._request(version, "ito", "First model of the new scoring.")
        self._refused(
            promotion, "fairness", "The gap between groups is certain. Please mitigate it and come back.", "Lending 1"
        )

    def _lending_promoted(self) -> None:
        about = profiles.MODELS["lending"]
        self._train(("lending", about.name, 2))
        wait_for_jobs(240)
        version = self._version(about.name, 2)
        promotion = self._request(version, "ito", "Mitigated for equal odds.")
        self._note(
            "Lending 2: gates",
            "pass",
            f"{promotion.outcome}: {say(promotion.verdict['message'])}",
            promotion.outcome == "pass",
            run_id=version.run_id,
            ledger=numbers("version", version.pk, "audit.keep"),
        )
        if promotion.state == PromotionState.OPEN:
            self._self_approval(promotion)
            promotion.refresh_from_db()
            promotions.approve(
                promotion=promotion, rev=promotion.rev, reason="The gaps are within the limit.", by=self.people["sato"]
            )
        wait_for(
            lambda: Promotion.objects.filter(pk=promotion.pk, state__in=("done", "failed")).exists(), "the move", 90
        )
        promotion.refresh_from_db()
        alias = self._alias(about.name)
        self._note(
            "Lending 2: in production",
            "champion is 2",
            f"{promotion.state}; champion is {alias or 'not set'}",
            promotion.state == PromotionState.DONE and alias == "2",
            run_id=version.run_id,
            ledger=numbers("promotion", promotion.pk),
            alias=alias,
        )

    def _self_approval(self, promotion: Promotion) -> None:
        try:
            promotions.approve(promotion=promotion, rev=promotion.rev, by=promotion.requested_by)
            observed, ok = "the approval was accepted", False
        except DomainError as error:
            observed, ok = say(error.message), True
        self._note("Lending 2: the requester's own approval", "not possible", observed, ok)

    def _imaging_refused(self) -> None:
        version = self._version(profiles.MODELS["imaging"].name, 1)
        promotion = self._request(version, "hara", "For the pilot ward.")
        self._refused(promotion, "lineage", "Please log commit, data and signature, and come back.", "Imaging 1")
        fix = say(self._gate(promotion, "lineage").get("fix"))
        self._note("Imaging 1: what to add", "a sentence that says what to log", fix, bool(fix))

    def _diabetes(self) -> None:
        version = self._version(profiles.MODELS["diabetes"].name, 1)
        promotion = self._request(version, "suzuki", "For the spring programme.")
        outcomes = {gate["audit"]: gate["outcome"] for gate in promotion.verdict["results"]}
        self._note(
            "Diabetes care 1: gates",
            "whatever the audits give, each with a reason",
            f"{promotion.outcome}: {say(promotion.verdict['message'])}",
            outcomes.get("lineage") == "pass" and all(say(g["message"]) for g in promotion.verdict["results"]),
            run_id=version.run_id,
            ledger=numbers("promotion", promotion.pk),
        )

    # -- records ---------------------------------------------------------------------------------

    def _reports(self) -> None:
        from portal.demo.reports import make_reports

        for step in make_reports(self.people["nakamura"], self._version(profiles.MODELS["lending"].name, 2)):
            self.steps.append(step)
            self.say_progress(f"  {'ok' if step.ok else 'NOT OK'}: {step.observed}")

    def _ledger(self) -> None:
        numbers("promotion", 0)
        count, unnumbered = Event.objects.count(), Event.objects.filter(seq=None).count()
        size = Head.objects.get(id=1).size
        self._note(
            "ledger",
            "every event numbered, without a gap",
            f"{count} events, numbered 1 to {size}, {unnumbered} without a number",
            unnumbered == 0 and count == size,
        )
