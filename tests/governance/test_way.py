"""What would let a version pass: from the figures at hand, so that the whole interval clears, by the engine's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from governance import at_hand
from governance.actions import policies, promotions
from governance.engine.intervals import widest_difference, wilson
from governance.evidence import as_evidence, latest_audits
from governance.policy import DEFAULT, FairnessNeeds, of_environment, parse
from governance.verdict import judge, rules_now
from governance.way import Duration, steps
from governance.way.gaps import cases_needed, gap_steps, raised, unjudged_steps, upper
from governance.way.limits import least_right
from governance.windows import release
from portal.jobs.models import Job
from tests.governance import factories as make
from tests.governance.policies_made import SECOND
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested

Z = 1.959963984540054
NEEDS = FairnessNeeds(tolerance=0.1, measures=("demographic_parity_difference",), min_group=30, unjudged_groups="block")
groups = st.lists(st.tuples(st.integers(40, 3000), st.floats(0.05, 0.95)), min_size=2, max_size=5)


def made(counts: list[int], totals: list[int], *, judged: int = 30, feature: str = "sex") -> dict:
    """A fairness result with one feature, its gap as the engine computes it."""
    found = widest_difference(np.array(counts, float), np.array(totals, float), 0.95)
    rows = [
        {
            "group": {feature: f"g{at}"}, "n": n, "judged": n >= judged,
            "metrics": {"selection_rate": {"value": k / n, "n": n, "judged": n >= judged}},
        }
        for at, (k, n) in enumerate(zip(counts, totals, strict=True))
    ]  # fmt: skip
    gap = {
        "features": [feature], "feature": feature, "metric": "demographic_parity_difference",
        "rate": "selection_rate", "value": found.value, "low": found.low, "high": found.high,
    }  # fmt: skip
    return {"settings": {"confidence": 0.95, "min_group": judged}, "groups": rows, "gaps": [gap]}


# -- gaps ----------------------------------------------------------------------------------------------------


@given(groups)
@settings(max_examples=60, deadline=None)
def test_the_upper_limit_is_the_engines(some):
    totals = [n for n, _rate in some]
    counts = [round(n * rate) for n, rate in some]
    engine = widest_difference(np.array(counts, float), np.array(totals, float), 0.95)
    assert upper(counts, totals, 0.95) == pytest.approx(engine.high, abs=1e-9)


@given(groups, st.floats(0.05, 0.4))
@settings(max_examples=60, deadline=None)
def test_with_the_counts_that_are_told_the_whole_interval_clears_and_with_one_less_it_does_not(some, limit):
    totals = [n for n, _rate in some]
    counts = [round(n * rate) for n, rate in some]
    found = raised(counts, totals, limit, 0.95)
    if found is None:
        return
    assert all(before <= now <= n for before, now, n in zip(counts, found, totals, strict=True))
    assert widest_difference(np.array(found, float), np.array(totals, float), 0.95).high <= limit
    for at, now in enumerate(found):
        if now > counts[at]:
            less = [*found[:at], now - 1, *found[at + 1 :]]
            assert upper(less, totals, 0.95) > limit


@given(groups, st.floats(0.05, 0.4))
@settings(max_examples=40, deadline=None)
def test_with_the_cases_that_are_told_it_is_decided(some, limit):
    totals = [n for n, _rate in some]
    counts = [round(n * rate) for n, rate in some]
    found = cases_needed(counts, totals, limit, 0.95)
    if found is not None:
        more = np.array([k / n * m for k, n, m in zip(counts, totals, found, strict=True)])
        assert widest_difference(more, np.array(found, float), 0.95).high <= limit


def test_a_gap_says_how_many_of_how_many():
    (said,) = gap_steps(NEEDS, made([264, 1620], [412, 2000]), 5)
    assert (said.code, said.params["total"], said.params["now"]) == ("way.group.at-least", 412, 264)
    assert 264 < said.params["wanted"] < 412
    assert "g0" in str(said)


def test_an_undecided_gap_says_how_many_cases():
    (said,) = gap_steps(NEEDS, made([47, 1000], [96, 2000]), 5)
    assert said.code == "way.group.more"
    assert said.params["now"] == 96


def test_cases_that_are_too_few_are_said_to_be():
    (said,) = gap_steps(NEEDS, made([5, 31], [31, 32]), 5)
    assert said.code == "way.group.too-few"


def test_a_gap_that_the_counts_do_not_give_back_is_told_by_its_width():
    result = made([264, 1620], [412, 2000])
    result["gaps"][0] |= {"high": 0.31, "value": 0.2}
    (said,) = gap_steps(NEEDS, result, 5)
    assert said.code == "way.gap.too-wide"
    result["gaps"][0] |= {"high": 0.25, "value": 0.2}
    (said,) = gap_steps(NEEDS, result, 5)
    assert (said.code, said.params["value"]) == ("way.gap.value", "0.05")


def test_of_a_group_that_is_too_small_no_figure_is_said():
    few = gap_steps(NEEDS, made([2, 30, 1000], [4, 60, 1500], judged=1), 5)
    assert few
    for said in few:
        assert not set(said.params) & {"wanted", "total", "now", "more", "value"}, said
    small = unjudged_steps(NEEDS, made([2, 30, 1000], [4, 60, 1500]), 5)
    assert [said.code for said in small] == ["way.group.few"]


@given(st.integers(20, 5000), st.floats(0.3, 0.95))
@settings(max_examples=60, deadline=None)
def test_the_least_number_right_clears_a_floor_and_one_less_does_not(total, limit):
    found = least_right(total, limit, 0.95)
    low = lambda right: float(wilson(np.array(float(right)), np.array(float(total)), Z)[0])  # noqa: E731
    if found is None:
        assert low(total) < limit
    else:
        assert low(found) >= limit - 1e-12
        assert low(found - 1) < limit


# -- of a version --------------------------------------------------------------------------------------------


@pytest.fixture
def biased(cast):
    return make.audit_all(make.make_version(make.make_model(cast.team)), gap=0.4)


@pytest.mark.django_db
def test_the_steps_of_a_real_audit_are_computed_and_clear(biased):
    judged = judge(biased, "production")
    evidence = {kind: as_evidence(audit) for kind, audit in latest_audits(biased).items()}
    found = steps(judged.verdict, judged.rules, evidence, least=5)
    told = [step for step in found if step.audit == "fairness"]
    assert told
    assert all(step.computed and step.new_version for step in told)
    wanted = next(step.message.params for step in told if "wanted" in step.message.params)
    assert 0 < wanted["wanted"] <= wanted["total"]


@pytest.mark.django_db
def test_what_is_missing_says_who_supplies_it(cast):
    version = make_version(make_model(cast))
    judged = judge(version, "production")
    found = steps(judged.verdict, judged.rules, {}, least=5)
    assert {step.gate for step in found} == {"lineage", "fairness", "explanation"}
    assert not any(step.computed or step.new_version for step in found)
    assert "runs the fairness audit" in " ".join(str(step.message) for step in found)


@pytest.mark.django_db
def test_a_pass_needs_nothing(cast):
    version = audited(make_version(make_model(cast)))
    judged = judge(version, "production")
    found = at_hand.way_of(version, judged.verdict, judged.rules, timezone.now())
    assert (found.steps, found.durations, found.earliest) == ((), (), None)
    assert found.approve[0].names == (str(cast.reviewer),)


def took(version, kind: str, *minutes: float) -> None:
    now = timezone.now()
    for length in minutes:
        Job.objects.create(
            kind=f"audit.{kind}", state="done", subject_type="version", subject_id=str(version.pk),
            started_at=now - timedelta(minutes=length), ended_at=now,
        )  # fmt: skip


@pytest.mark.django_db
def test_how_long_is_the_median_of_the_last_five_of_the_model_else_of_the_kind(biased, cast):
    other = make.make_version(make.make_model(cast.team, "other"))
    took(biased, "fairness", 99, 5, 1, 4, 2, 3)
    took(other, "fairness", 50)
    took(other, "lineage", 7)
    judged = judge(biased, "production")
    known = {one.what: one for one in at_hand.way_of(biased, judged.verdict, judged.rules, timezone.now()).durations}
    assert known["fairness"] == Duration("fairness", timedelta(minutes=3), 5)
    assert known["lineage"] == Duration("lineage", timedelta(minutes=7), 1)
    assert known["explanation"].median is None
    assert known["training"].median is None


@pytest.mark.django_db
@pytest.mark.parametrize("ended", [9 * 10**18, 8 * 10**16, 10**15])
def test_a_run_that_claims_to_have_taken_ages_tells_nothing(biased, ended):
    """Whoever logs a run says when it began and ended; the page does not fall over it."""
    run = {**biased.run, "started": 1, "ended": ended}
    type(biased).objects.filter(pk=biased.pk).update(run=run)
    judged = judge(biased, "production")
    found = at_hand.way_of(biased, judged.verdict, judged.rules, timezone.now())
    assert (found.training.median, found.earliest) == (None, None)


@pytest.mark.django_db
def test_training_takes_what_the_last_runs_took_and_the_earliest_adds_up(biased):
    run = {**biased.run, "started": 1000, "ended": 6 * 3600 * 1000 + 1000}
    type(biased).objects.filter(pk=biased.pk).update(run=run)
    for kind in ("fairness", "lineage", "explanation"):
        took(biased, kind, 10)
    judged, now = judge(biased, "production"), timezone.now()
    found = at_hand.way_of(biased, judged.verdict, judged.rules, now)
    assert found.training.median == timedelta(hours=6)
    assert found.audits_take == timedelta(minutes=30)
    assert found.earliest == now + timedelta(hours=6, minutes=30)


@pytest.mark.django_db
def test_who_asked_is_not_among_who_can_approve(cast):
    cast.member.is_reviewer = True
    cast.member.save()
    promotion = requested(cast)
    judged = judge(promotion.version, "production")
    found = at_hand.way_of(promotion.version, judged.verdict, judged.rules, timezone.now(), promotion=promotion)
    assert found.approve[0].names == (str(cast.reviewer),)


@pytest.mark.django_db
def test_an_approval_would_lapse_and_the_profile_stays(cast):
    promotion = requested(cast)
    judged = judge(promotion.version, "production")
    found = at_hand.way_of(promotion.version, judged.verdict, judged.rules, timezone.now(), promotion=promotion)
    assert [one.code for one in found.kept.stays] == ["way.kept.profile"]
    assert [one.code for one in found.kept.lapses] == ["way.lapses.evidence"]


@pytest.mark.django_db
def test_windows_and_freezes_are_said_as_the_policy_says_them(cast):
    assert not release(rules_now(make_version(make_model(cast)), "production"), timezone.now()).limited
    rules = of_environment(parse(SECOND).environments["production"])  # mon to thu, nine to six in Tokyo
    shut = release(rules, datetime(2026, 11, 22, 3, tzinfo=UTC))
    assert (shut.limited, shut.open, shut.frozen) == (True, False, None)
    assert shut.opens == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert release(rules, datetime(2026, 11, 23, 1, tzinfo=UTC)).open
    frozen = release(rules, datetime(2026, 12, 28, 1, tzinfo=UTC))
    assert (frozen.open, frozen.frozen["ja"]) == (False, "年末年始")
    assert frozen.opens == datetime(2027, 1, 6, 0, tzinfo=UTC)


# -- where it is shown ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_promotion_page_shows_the_way(client, cast, biased):
    promotion = promotions.request(version=biased, environment="production", by=cast.member)
    client.force_login(cast.reviewer)
    text = client.get(f"/promotions/{promotion.pk}/").content.decode()
    assert "What would let it pass" in text
    assert "at this number of cases" in text
    promotions.refuse(promotion=promotion, rev=promotion.rev, reason="No.", by=cast.reviewer)
    assert "What would let it pass" in client.get(f"/promotions/{promotion.pk}/").content.decode()


@pytest.mark.django_db
def test_page_api_and_command_give_one_answer(client, cast, biased, capsys):
    client.force_login(cast.member)
    model = biased.model
    asked = {"registry": model.registry.slug, "model": model.name, "version": 1, "environment": "production"}
    by_api = client.get("/api/v1/preflight/", asked).json()
    words = [f"--{name}={value}" for name, value in asked.items()]
    with pytest.raises(SystemExit) as end:
        call_command("preflight", *words, "--json")
    by_command = json.loads(capsys.readouterr().out)
    assert end.value.code == 1
    for one in (by_api, by_command):
        one.pop("computed_at")
    assert by_api == by_command
    assert by_api["way"]["steps"]
    page = client.get(f"/models/{model.pk}/versions/1/promote/?environment=production").content.decode()
    for step in by_api["way"]["steps"][:2]:
        assert step["sentence"].split(",")[0] in page


@pytest.mark.django_db
@pytest.mark.parametrize(("results", "code"), [({}, 0), ({"fairness": None}, 2)])
def test_exit_codes(cast, results, code):
    version = make_version(make_model(cast))
    for kind in {"lineage", "fairness", "explanation"} - set(results):
        audit(version, kind)
    model = version.model
    words = [f"--registry={model.registry.slug}", f"--model={model.name}", "--version=1", "--environment=production"]
    if code:
        with pytest.raises(SystemExit) as end:
            call_command("preflight", *words)
        assert end.value.code == code
    else:
        call_command("preflight", *words)
    with pytest.raises(CommandError) as error:
        call_command("preflight", *words[:-1], "--environment=nowhere")
    assert error.value.returncode == 3


@pytest.mark.django_db
def test_a_draft_is_asked_as_if_it_were_published_by_those_who_may_see_it(client, cast, biased):
    text = DEFAULT.read_text("utf-8").replace("tolerance: 0.10", "tolerance: 0.90")
    policies.save_draft(key="default", text=text, rev=0, by=cast.admin)
    model = biased.model
    asked = {"registry": model.registry.slug, "model": model.name, "version": 1, "environment": "production"}
    client.force_login(cast.admin)
    today = client.get("/api/v1/preflight/", asked).json()
    then = client.get("/api/v1/preflight/", asked | {"draft": "default"}).json()
    assert (today["outcome"], today["draft"], then["draft"]) == ("fail", None, "default")
    assert "fairness" not in {step["gate"] for step in then["way"]["steps"]}
    page = client.get(f"/models/{model.pk}/versions/1/promote/?environment=production&draft=default").content.decode()
    assert "As if the draft default were published" in page
    client.force_login(cast.member)
    assert client.get("/api/v1/preflight/", asked | {"draft": "default"}).status_code == 422
