"""People read titles and not keys: of environments, gates, groups, kinds of findings and uses of data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from governance import findings
from governance.actions import policies
from governance.actions.groups import make_group
from governance.models import GateException, ModelVersion, Policy
from governance.policy import DEFAULT
from governance.titles import gates_named
from portal.inbox.models import Notice
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.ledger.reading import read
from portal.message import Message
from portal.web.names import read_once
from portal.web.say import say
from tests.governance.promotions_made import approved, audited, make_model, make_version, requested
from tests.governance.test_pack import carry_out, strayed, today

pytestmark = pytest.mark.django_db
STAGES = """\
      stages:
        - {group: model-risk, quorum: 1}
      in_order: true
"""


@pytest.fixture
def both(cast, as_user):
    """A page as it reads in English and in Japanese."""

    def get(address: str, who=None) -> tuple[str, str]:
        who, found = who or cast.admin, []
        for language in ("en", "ja"):
            type(who).objects.filter(pk=who.pk).update(language=language)
            who.refresh_from_db()
            found.append(as_user(who).get(address).content.decode())
        return found[0], found[1]

    return get


@pytest.fixture
def staged(cast):
    """A policy of which production asks one of a group that an administrator keeps."""
    head, tail = DEFAULT.read_text("utf-8").rsplit("    approvals:\n", 1)
    kept = [line for line in tail.splitlines(keepends=True) if "required:" not in line and "roles:" not in line]
    make_group(key="model-risk", name_en="Risk office", name_ja="リスク管理室", by=cast.admin)
    policies.publish(text=f"{head}    approvals:\n{STAGES}{''.join(kept)}", by=None)


def spoken(message: Message) -> tuple[str, str]:
    with translation.override("ja"):
        japanese = say(message)
    return say(message), japanese


# -- environments --------------------------------------------------------------------------------------------


def test_a_sentence_says_the_title_of_an_environment_however_old_it_is(cast):
    make_model(cast)
    stored = {"code": "finding.not_passing", "params": {"model": "m", "number": 3, "environment": "production"}}
    english, japanese = spoken(Message.from_json(stored))
    assert english == "m 3 stands in Production and would not pass today's policies."
    assert "本番" in japanese
    assert "production" not in japanese
    gone = Message("promotion.there", {"environment": "preprod"})
    assert say(gone) == "This version is already in preprod."


def test_titles_are_read_once_for_many_sentences(cast):
    make_model(cast)
    message = Message("promotion.there", {"environment": "production"})
    with CaptureQueriesContext(connection, ) as queries, read_once():  # fmt: skip
        assert {say(message) for _number in range(5)} == {"This version is already in Production."}
    assert len(queries) == 1


def test_findings_tasks_and_records_say_the_title(cast, both):
    model = make_model(cast)
    promotion = requested(cast, audited(make_version(model)))
    strayed(model, 7)
    for address in ("/findings/", f"/models/{model.pk}/", "/records/", "/"):
        english, japanese = both(address)
        assert "production" not in english, address
        assert "production" not in japanese, address
    english, japanese = both("/records/")
    assert f"{promotion.version} → Production" in english
    assert f"{promotion.version} → 本番" in japanese
    event = Event.objects.filter(action="promotion.request").get()
    english, japanese = both(f"/records/{event.uuid}/")
    assert "Production" in english
    assert "本番" in japanese


def test_notices_and_mails_name_what_they_are_about_by_titles(cast):
    make_model(cast)
    words = {"version": "m 1", "environment": "production"}
    notice = Notice(
        user=cast.japanese, kind="promotion.approval", key="k", url="/", subject_type="promotion",
        subject_label="m 1 → production", message=Message("notice.approval", words).to_json(),
    )  # fmt: skip
    with translation.override("ja"):
        assert notice.about == "m 1 → 本番"
        assert "本番" in say(notice.message)


def test_what_an_environment_comes_after_is_said_by_its_title(cast, as_user):
    text = DEFAULT.read_text("utf-8").replace("    alias: champion\n", "    alias: champion\n    after: staging\n")
    version = audited(make_version(make_model(cast)))
    policies.publish(text=text, by=None)
    browser = as_user(cast.japanese)
    page = browser.get(f"/models/{version.model_id}/versions/{version.number}/promote/?environment=production")
    assert "ステージングにあること" in page.content.decode()
    assert "stagingに" not in page.content.decode()


# -- gates ---------------------------------------------------------------------------------------------------


@pytest.fixture
def signed(cast) -> GateException:
    """A waiver of the gate on groups, for production."""
    version = make_version(make_model(cast))
    event = _event(cast)
    until = timezone.now() + timedelta(days=9)
    given = {"gate": "fairness", "environment": "production", "reason": "Known.", "by": cast.admin, "event": event}
    return GateException.objects.create(kind="waiver", model=version.model, version=version, until=until, **given)


def _event(cast):
    return record(
        action="waiver.sign", by=cast.admin, subject=("model", 1, "m"), params={"waived_gate": "fairness"}
    ).uuid


def test_exceptions_name_their_gate_by_its_title(cast, signed, both):
    for address in ("/waivers/", f"/models/{signed.model_id}/", "/control/waivers/"):
        english, japanese = both(address)
        assert "Groups treated alike" in english, address
        assert "グループ間の公平性" in japanese, address
        assert "<code>fairness</code>" not in english + japanese, address


def test_a_gate_that_is_gone_keeps_the_title_of_the_policy_that_had_it(cast, signed):
    text = DEFAULT.read_text("utf-8").replace("- id: fairness", "- id: alike").replace("Groups treated alike", "Alike")
    policies.publish(text=text, by=None)
    unknown = GateException(gate="never-there", environment="production")
    named = [title for _row, title in gates_named([signed, unknown])]
    assert named == [{"en": "Groups treated alike", "ja": "グループ間の公平性"}, "never-there"]


def test_more_exceptions_take_no_more_reads(cast, signed):
    def asked(rows) -> int:
        with CaptureQueriesContext(connection, ) as queries:  # fmt: skip
            gates_named(rows)
        return len(queries)

    assert asked([signed] * 20) == asked([signed]) == 1


def test_records_name_the_gate(cast, signed):
    (entry,) = read(Event.objects.filter(action="waiver.sign"))
    assert [one.after for one in entry.params] == ["Groups treated alike"]


# -- groups --------------------------------------------------------------------------------------------------


def test_a_group_is_called_by_its_name_wherever_people_read_it(cast, staged, both):
    model = make_model(cast)
    promotion = requested(cast, audited(make_version(model)))
    policy = Policy.objects.get()
    version = f"/models/{model.pk}/versions/1/promote/?environment=production"
    for address in (f"/promotions/{promotion.pk}/", version, "/environments/"):
        english, japanese = both(address)
        if address != "/environments/":
            assert "Risk office" in english, address
            assert "リスク管理室" in japanese, address
        assert "model-risk" not in english + japanese, address
    english, japanese = both(f"/policies/{policy.key}/{policy.version}/")
    words = english.split('<div class="gt">')
    assert any("Risk office" in part for part in words)
    assert not any("model-risk" in part.split("</div>")[0] for part in words[1:])
    assert "リスク管理室" in japanese


def test_forms_offer_groups_and_environments_by_their_names(cast, staged, both):
    english, japanese = both("/groups/")
    for page, group, place, everywhere in (
        (english, "Risk office", "Production", "All environments"),
        (japanese, "リスク管理室", "本番", "すべての環境"),
    ):
        assert f">{group}</option>" in page
        assert f'<option value="production">{place}</option>' in page
        assert everywhere in page


def test_records_name_the_group_of_an_approval(cast, staged):
    record(action="promotion.approve", by=cast.admin, subject=("promotion", 1, "m 1"), params={"group": "model-risk"})
    (entry,) = read(Event.objects.filter(action="promotion.approve"))
    assert [one.after for one in entry.params] == ["Risk office"]
    (entry,) = read(Event.objects.filter(action="group.make"))
    assert entry.subject == "Risk office"


# -- findings and data ---------------------------------------------------------------------------------------


def test_the_pack_says_what_kind_a_finding_is(cast):
    from governance.pack import collect

    model = make_model(cast)
    carry_out(approved(cast, audited(make_version(model))))
    strayed(model, 7)
    version = ModelVersion.objects.get()
    for kind in ("not_passing", "condition", "review"):
        findings.open_finding(
            kind=kind, key=kind, severity="low", title=Message("finding.closed"), team=model.team,
            about={"version": version, "model": model, "environment": "production"},
        )  # fmt: skip
    said = {}
    for language in ("en", "ja"):
        with translation.override(language):
            rows = collect(today()).of("findings")
            said[language] = render_to_string("pdf/_pack_rows.html", {"rows": rows, "printed": ":99", "most": 99})
    for text in said.values():
        assert not [code for code in ("not_passing", "condition:", "review:", "alias_moved") if code in text]
    assert "Would not pass today: credit-limit 1" in said["en"]
    assert "Condition of an approval: credit-limit 1" in said["en"]
    assert "Review after an emergency: credit-limit 1" in said["en"]


def test_what_would_not_pass_says_outcomes_in_words(cast, both):
    model = make_model(cast)
    for found in ("not_evaluated", "fail"):
        row = findings.open_finding(
            kind="not_passing", key="n", severity="low", title=Message("finding.closed"), team=model.team,
            about={"model": model, "environment": "production"}, detail={"expected": "pass", "found": found},
        )  # fmt: skip
    english, japanese = both(f"/findings/{row.pk}/")
    assert "<bdi>Pass</bdi>" in english
    assert "<bdi>Fail</bdi>" in english
    assert "<bdi>不合格</bdi>" in japanese
    event = Event.objects.get(action="finding.change")
    english, japanese = both(f"/records/{event.uuid}/")
    assert "Not evaluated" in english
    assert "未評価" in japanese


def test_the_use_of_data_is_said_in_words(cast, both):
    names = [{"name": "loans", "digest": "4be1", "context": use} for use in ("training", "eval", "our own")]
    model = make_model(cast)
    carry_out(approved(cast, audited(make_version(model, run={"datasets": names}))))
    english, japanese = both(f"/models/{model.pk}/on/")
    assert "(for training)" in english
    assert "(for evaluation)" in english
    assert "(our own)" in english
    assert "（学習用）" in japanese or "(学習用)" in japanese
    assert "training" not in japanese
