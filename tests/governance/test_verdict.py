"""The verdict for pipelines: by command, with exit codes and JSON, and that it is the one verdict."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from governance.actions import policies
from governance.evidence import latest_audits
from governance.gates import Verdict
from governance.models import Audit
from governance.policy import DEFAULT
from governance.verdict import as_document, bound_digests, current_policy, environments, judge, verdict_for
from portal.web.errors import Invalid
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(cast):
    return audited(make_version(make_model(cast)))


def ask(capsys, version, *more: str, environment: str = "production") -> tuple[int, str]:
    """Exit code and standard output."""
    model = version.model
    words = ["--registry", model.registry.slug, "--model", model.name, "--version", str(version.number)]
    try:
        call_command("verdict", *words, "--environment", environment, *more)
    except SystemExit as end:
        return end.code, capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_a_pass_exits_0(version, capsys):
    code, out = ask(capsys, version)
    assert code == 0
    assert out.startswith("Every check that applies passes (3 of 3).")


def test_a_fail_exits_1_with_the_reason(version, capsys):
    audit(version, "fairness", fairness(0.17, 0.12, 0.22))
    code, out = ask(capsys, version)
    assert code == 1
    assert "Cannot go yet: The gap in the selection rate by sex is 0.17" in out
    assert out.index("fail") < out.index("pass")


def test_the_audit_that_was_kept_last_counts_although_the_clock_was_set_back(version):
    with time_machine.travel(timezone.now() - timedelta(minutes=40)):
        audit(version, "fairness", fairness(0.17, 0.12, 0.22))
    assert verdict_for(version, "production").outcome == "fail"


@pytest.mark.parametrize("outcome", ["inconclusive", "not_evaluated"])
def test_what_is_not_a_pass_exits_1(version, capsys, outcome):
    if outcome == "inconclusive":
        audit(version, "fairness", fairness(0.09, 0.05, 0.13))
    else:
        Audit.objects.filter(kind="lineage").delete()
    code, out = ask(capsys, version, "--json")
    assert (code, json.loads(out)["outcome"]) == (1, outcome)


def test_json_stands_alone_and_says_everything(version, capsys):
    code, out = ask(capsys, version, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["passes"] is True
    assert document["policy"] == {
        "key": "default",
        "version": 1,
        "digest": current_policy(version, "production").digest,
    }
    assert document["policies"] == [document["policy"]]
    assert [reason["gate"] for reason in document["reasons"]] == ["lineage", "fairness", "explanation"]
    assert document["reasons"][1]["measured"] == "0.03"
    assert document["reasons"][1]["required"] == "≤ 0.10"
    assert set(document["bound"]) == {"artifact", "policy", "profile", "evidence"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--registry": "nowhere"}, "There is no registry nowhere. Known: registry-9."),
        ({"--model": "nothing"}, "has no model nothing"),
        ({"--version": "77"}, "has no version 77"),
        ({"--environment": "moon"}, "No published policy has an environment moon"),
    ],
)
def test_an_error_exits_2_with_a_sentence(version, change, words):
    given = {"--registry": "registry-9", "--model": version.model.name, "--version": "1", "--environment": "production"}
    with pytest.raises(CommandError, match=words) as caught:
        call_command("verdict", *[word for pair in (given | change).items() for word in pair])
    assert caught.value.returncode == 2


def test_a_crash_does_not_look_like_a_verdict(version, monkeypatch):
    monkeypatch.setattr(
        "governance.management.commands.verdict.judge", lambda *_: (_ for _ in ()).throw(OSError("no disk"))
    )
    with pytest.raises(CommandError, match="no disk") as caught:
        ask(None, version)
    assert caught.value.returncode == 2


def test_promotion_and_command_show_one_verdict(cast, version):
    """Law 7."""
    promotion = requested(cast, version)
    verdict = verdict_for(version, "production")
    assert Verdict.from_json(promotion.verdict) == verdict
    assert as_document(version, judge(version, "production"))["message"] == promotion.verdict["message"]


def test_the_newest_version_of_a_policy_is_in_force(cast, version):
    assert current_policy(version, "staging").version == 1
    text = DEFAULT.read_text("utf-8")
    policies.publish(text=text.replace("tolerance: 0.10", "tolerance: 0.02"), by=cast.admin)
    assert current_policy(version, "production").version == 2
    assert verdict_for(version, "production").outcome == "inconclusive"
    other = text.replace("key: default", "key: research").replace("staging", "research").replace("champion", "best")
    policies.publish(text=other.split("  production:")[0], by=cast.admin)
    assert sorted(environments()) == ["production", "research", "staging"]
    assert current_policy(version, "research").key == "research"
    with pytest.raises(Invalid):
        current_policy(version, "moon")


def test_bound_digests_change_with_what_they_bind(cast, version):
    before = judge(version, "production").bound
    assert judge(version, "production").bound == before
    audit(version, "lineage", outcome="fail")
    after = judge(version, "production").bound
    assert {part for part in before if before[part] != after[part]} == {"evidence"}
    assert bound_digests(version, current_policy(version, "staging"), {})["evidence"] != before["evidence"]


def test_of_older_audits_no_result_is_read(cast, django_assert_num_queries):
    """Results are large, and a version that is audited each night has many."""
    one = make_version(make_model(cast))
    audited(one, fairness=fairness(0.2, 0.15, 0.25))
    newest = [audit(one, "fairness", fairness(0.01, 0.0, 0.02)), audit(one, "lineage", age=5)]
    moment = newest[0].created_at
    tied = [audit(one, "explanation"), audit(one, "explanation")]
    Audit.objects.filter(pk__in=[item.pk for item in tied]).update(created_at=moment)
    with django_assert_num_queries(1):
        found = latest_audits(one)
    assert found["fairness"] == newest[0]
    assert found["lineage"] == newest[1], "what was kept last, although its clock was behind"
    assert found["explanation"] == tied[1]
    assert set(found) == {"fairness", "lineage", "explanation"}
