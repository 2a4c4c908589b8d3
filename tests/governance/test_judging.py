"""What is live is judged every day and when a policy is published, and its evidence is renewed before it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.actions import findings, policies
from governance.control import control
from governance.jobs_judging import judge_what_is_due
from governance.judging import due_today, judge_live, judge_placed, renew_evidence
from governance.models import Audit, Finding, LiveJudgement, Placement
from governance.policy import DEFAULT
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import approved, audit, audited, make_model, make_version, requested
from tests.governance.test_pack import carry_out
from tests.worlds import placed

pytestmark = pytest.mark.django_db
STRICT = DEFAULT.read_text("utf-8").replace("tolerance: 0.10", "tolerance: 0.02")


@pytest.fixture
def live(cast) -> Placement:
    return placed(requested(cast), "production")


def tomorrow(days: int = 1):
    return timezone.now() + timedelta(days=days)


def test_what_passes_is_judged_once_a_day_and_opens_nothing(live):
    assert (judge_what_is_due(), judge_what_is_due()) == (1, 0)
    row = LiveJudgement.objects.get()
    assert (row.placement, row.outcome, row.rules[0]["policy"]) == (live, "pass", "default")
    assert not Finding.objects.exists()
    assert due_today(tomorrow()) == [live]


def test_what_passes_no_more_opens_a_finding_and_passing_again_ends_it(live):
    judge_live()
    audit(live.version, "fairness", fairness(0.17, 0.12, 0.22))
    judge_live(now=tomorrow())
    finding = Finding.objects.get()
    assert (finding.kind, finding.severity, finding.placement) == ("not_passing", "high", live)
    assert finding.team_id == live.model.team_id
    judge_live(now=tomorrow(2))
    assert Finding.objects.count() == 1
    audit(live.version, "fairness")
    judge_live(now=tomorrow(3))
    finding.refresh_from_db()
    assert (finding.state, finding.resolution) == ("resolved", "ended")


def test_what_does_not_pass_when_it_is_first_judged_is_found_as_well(live):
    audit(live.version, "fairness", fairness(0.17, 0.12, 0.22))
    judge_live()
    assert Finding.objects.open().count() == 1


def test_what_a_person_has_accepted_is_not_opened_anew_until_it_has_passed(cast, live):
    audit(live.version, "fairness", fairness(0.17, 0.12, 0.22))
    judge_live()
    findings.resolve(finding=Finding.objects.get(), resolution="accepted", reason="Known.", by=cast.reviewer)
    judge_live(now=tomorrow())
    assert not Finding.objects.open().exists()
    audit(live.version, "fairness")
    judge_live(now=tomorrow(2))
    audit(live.version, "fairness", fairness(0.17, 0.12, 0.22))
    judge_live(now=tomorrow(3))
    assert Finding.objects.open().count() == 1


def test_what_is_live_no_more_need_not_pass(live):
    audit(live.version, "fairness", fairness(0.17, 0.12, 0.22))
    judge_live()
    Placement.objects.filter(pk=live.pk).update(until=timezone.now())
    judge_live()
    assert not Finding.objects.open().exists()


def test_publishing_a_policy_asks_for_a_judgement_by_it(live):
    judge_live()
    assert not Job.objects.filter(kind="live.judge").exists()
    policies.publish(text=STRICT, by=None)
    job = Job.objects.get(kind="live.judge")
    from portal.jobs.kinds import KINDS

    assert KINDS["live.judge"].run(job, None) == {"judged": 1}
    row = LiveJudgement.objects.get()
    assert (row.outcome == "pass", row.rules[0]["version"]) == (False, 2)
    assert Finding.objects.open().get().kind == "not_passing"


def test_nothing_live_asks_for_nothing(cast):
    make_model(cast)
    policies.publish(text=STRICT, by=None)
    assert not Job.objects.filter(kind="live.judge").exists()


def test_many_are_judged_in_as_many_reads_as_one(cast, live):
    from governance.judging import judged_today

    def reads() -> int:
        placements = due_today(timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            judged_today(placements, timezone.now())
        return len(queries)

    reads()
    before = reads()
    for number in range(3):
        version = audited(make_version(make_model(cast, f"model-{number}")))
        placed(requested(cast, version), "production")
    assert reads() == before


# -- evidence ------------------------------------------------------------------------------------------------


def age(version, kind: str, days: float) -> None:
    Audit.objects.filter(version=version, kind=kind).update(created_at=timezone.now() - timedelta(days=days))


def audits_asked() -> list[str]:
    return sorted(Job.objects.filter(kind__startswith="audit.").values_list("kind", flat=True))


@pytest.fixture
def longest(live) -> int:
    from governance.verdict import rules_now

    return next(gate for gate in rules_now(live.version, "production").gates if gate.audit == "fairness").max_age_days


def test_evidence_is_made_anew_before_it_ends_and_not_before(live, longest):
    age(live.version, "fairness", longest - 8)
    assert (renew_evidence(), audits_asked()) == (0, [])
    age(live.version, "fairness", longest - 6)
    assert (renew_evidence(), audits_asked()) == (1, ["audit.fairness"])


def test_at_most_once_a_day_a_kind(live, longest):
    age(live.version, "fairness", longest + 1)
    assert renew_evidence() == 1
    Job.objects.update(state="failed", ended_at=timezone.now())
    assert renew_evidence() == 0
    Job.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    assert renew_evidence() == 1


def test_an_open_requests_evidence_is_renewed_too(cast, longest):
    other = audited(make_version(make_model(cast, "asked-for")))
    requested(cast, other)
    age(other, "lineage", 10_000)
    renew_evidence()
    assert Job.objects.get(kind="audit.lineage").subject_id == str(other.pk)


def test_short_lived_evidence_is_not_renewed_all_the_time(live, settings):
    settings.REAUDIT_DAYS = 10_000
    assert renew_evidence() == 0


def test_what_was_just_moved_is_judged_at_once(cast):
    """Nobody waits for the next round to read whether it passes."""
    promotion = approved(cast)
    carry_out(promotion)
    place = Placement.objects.get()
    assert control(cast.admin, timezone.now()).unjudged == 1
    run_job(Job.objects.get(kind="live.judge", params={"placement": place.pk}).pk)
    assert LiveJudgement.objects.get(placement=place).outcome == "pass"
    assert control(cast.admin, timezone.now()).unjudged == 0
    assert judge_what_is_due() == 0


def test_what_left_before_it_was_judged_is_not_judged(live):
    Placement.objects.filter(pk=live.pk).update(until=timezone.now())
    assert judge_placed(live.pk) == 0
    assert not LiveJudgement.objects.exists()
