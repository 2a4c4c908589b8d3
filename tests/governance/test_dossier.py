"""The dossier of a version: what it says in both languages, what it does not claim, and who gets it."""

from __future__ import annotations

import base64
import json

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from pypdf import PdfReader

from governance.actions import promotions
from governance.dossier import dossier
from governance.models import ModelVersion, RegisteredModel
from governance.outgoing import outgoing
from governance.reports import KIND, request_report
from portal.jobs.models import Job, State
from portal.ledger.models import Event, SigningKey
from portal.ledger.offline.sekisho_verify import check_bundle
from portal.ledger.signing import checkpoint_now
from portal.pdf.models import Document
from tests.governance import factories as make

HOSTILE = '<img src="file:///etc/passwd"><link rel=stylesheet href="http://127.0.0.1:9/x.css"><script>alert(1)</script>'


@pytest.fixture
def refused(cast):
    """A version that the fairness gate kept out, and a reviewer refused."""
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"), gap=0.2)
    promotion = promotions.request(version=version, environment="production", reason="New features.", by=cast.member)
    promotions.refuse(promotion=promotion, rev=promotion.rev, reason="The gap is certain.", by=cast.reviewer)
    return ModelVersion.objects.get(pk=version.pk)


@pytest.fixture
def printed(cast, run_jobs):
    """`printed(version, language)` gives the text of the dossier as the worker printed it, without white space."""

    def make_it(version, language="en", by=None) -> str:
        job = request_report(version=version, language=language, by=by or cast.auditor)
        run_jobs()
        job.refresh_from_db()
        assert job.state == State.DONE, job.error
        return squeezed(read(Document.objects.get(job=job)))

    return make_it


def read(document: Document) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(document.file).pages)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_it_tells_the_whole_story_of_a_refused_version(refused, printed):
    """One print for all that it must say, since printing takes seconds."""
    text = printed(refused)
    assert_story(text)
    assert PdfReader(Document.objects.get().file).metadata.title == "Dossier: credit-limit 1"
    assert_figures(text, refused)
    assert_ledger(text)


def assert_story(text: str) -> None:
    for part in (
        "credit-limit 1",
        "Refused",
        "it was refused",
        "Proposes a card limit; a person decides.",
        "Applicants of full age.",
        "High",
        "Credit Risk, Retail",
        "Sato (reviewer)",
        "Ito (member of the team Credit Risk)",
        "The gap is certain.",
        "New features.",
        make.COMMIT,
        make.FILES,
        "loans",
        "4be190aa",
        "Groups treated alike",
        "≤ 0.10",
        "not_requester: true",
        "No alias was moved",
        "What this dossier does not say",
        "True positive rate",
        "SHAP value",
        "Not judged",
    ):
        assert squeezed(part) in text, part


def assert_figures(text: str, refused: ModelVersion) -> None:
    """The figures of its audits."""
    fairness = refused.audits.get(kind="fairness").result
    judged = [gap for gap in outgoing(fairness)["gaps"] if gap["judged"] and gap["value"] is not None]
    stored = {(gap["metric"], gap["feature"]): gap for gap in fairness["gaps"]}
    assert judged
    for gap in judged:
        exact = stored[gap["metric"], gap["feature"]]
        assert exact["low"] - 0.01 < gap["low"] <= exact["low"]  # no surer than it is
        assert exact["high"] <= gap["high"] < exact["high"] + 0.01
        assert f"{gap['low']:.2f}to{gap['high']:.2f}".replace("-0.00", "0.00") in text.replace("-0.00", "0.00")
    explanation = refused.audits.get(kind="explanation").result
    for item in explanation["importance"][:10]:
        assert item["feature"] in text
    assert squeezed("Other features: 3") in text


def test_it_is_japanese_throughout_where_japanese_was_asked_for(cast, refused, printed):
    text = printed(refused, "ja", by=cast.japanese)
    for part in ("却下", "昇格の審査記録", "モデルの目的", "ゲート", "公平性", "用語集", "台帳の参照番号", "Sato"):
        assert part in text, part
    for english in ("Summary", "Refused", "Glossary", "Outcome", "The policy asks", "Not evaluated", "Gap to highest"):
        assert squeezed(english) not in text, english
    assert "JST" in text  # the reader's time zone


def assert_ledger(text: str) -> None:
    """The ledger's entries are named by number and hash, and the attached file proves them to who has the key."""
    decision = Event.objects.get(action="promotion.refuse")
    assert decision.seq
    assert decision.leaf_hash in text
    assert "Nothinghereissigned" not in text
    (attached,) = PdfReader(Document.objects.get().file).attachments["proof.json"]
    proof = json.loads(attached)
    key = SigningKey.objects.get().public
    _note, entries = check_bundle(proof, [base64.b64decode(key)])
    assert str(decision.uuid) in {entry["id"] for entry in entries}
    assert squeezed(proof["checkpoint"].split("\n\n")[0]) in text
    # What comes with a document cannot vouch for it: neither the key nor the verifier is in it.
    assert key not in text
    assert key.encode() not in attached
    assert squeezed("from the people who run the ledger") in text
    assert list(PdfReader(Document.objects.get().file).attachments) == ["proof.json"]


def test_without_a_signed_checkpoint_it_says_that_it_proves_nothing(cast, refused, settings):
    settings.KEYS_ROOT = None
    content = dossier(refused)
    assert content["proof"] is None
    assert content["attached"] == {}
    assert "proves nothing by itself" in render_to_string("pdf/_proof.html", content)
    assert "Nothing here is signed" in render_to_string("pdf/_ledger.html", content)


def test_a_version_nobody_asked_for_shows_what_would_be_said_now(cast, printed):
    version = make.make_version(make.make_model(cast.team))
    text = printed(version)
    assert squeezed("Nobody has asked for a promotion of this version yet") in text
    assert squeezed("What would be said now") in text
    assert squeezed("The fairness audit has not run on this version.") in text
    assert squeezed("The audit of fairness has not run on this version") in text
    assert "Staging" in text
    assert "Production" in text


def test_a_decided_promotion_shows_the_audits_it_was_decided_on(refused):
    before = dossier(refused)
    make.audit_fairness(refused, gap=0.0)
    after = dossier(ModelVersion.objects.get(pk=refused.pk))
    assert after["fairness_audit"] == before["fairness_audit"]
    assert after["judged"][0].frozen
    assert [str(kind) for kind in after["superseded"]] == ["Fairness"]


def test_an_open_promotion_shows_the_newest_audits(cast):
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"), gap=0.2)
    promotions.request(version=version, environment="production", by=cast.member)
    newest = make.audit_fairness(version, gap=0.0)
    shown = dossier(ModelVersion.objects.get(pk=version.pk))
    assert shown["fairness_audit"] == newest
    assert not shown["judged"][0].frozen


def test_hostile_text_open_decisions_and_small_groups_are_printed_as_what_they_are(cast, printed):
    """One print of a version that is asked for, and described by somebody hostile."""
    model = make.make_model(cast.team, description=HOSTILE, profile={"intended_use": HOSTILE})
    version = make.make_version(model, description=HOSTILE, tags={"note": HOSTILE, "long": "x" * 4000})
    make.audit_fairness(version, names=(HOSTILE[:60], "M"))
    promotions.request(version=version, environment="production", reason=HOSTILE, by=cast.member)
    text = printed(version)
    assert text.count(squeezed("<script>alert(1)</script>")) >= 4
    assert "root:x:" not in text
    # An undecided promotion is not stamped.
    assert "thedecisionisopen" in text
    assert "Nobodydecided" in text
    assert "Waiting" in text
    # Groups that are too small to judge never look like a pass.
    assert squeezed("Not judged, n < 30") in text


def test_reading_takes_the_same_queries_however_many_people_decide(
    cast, django_assert_max_num_queries, django_user_model
):
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"))
    promotion = promotions.request(version=version, environment="production", by=cast.member)
    for number in range(5):
        person = django_user_model.objects.create_user(f"r{number}@example.org", name=f"R{number}", is_reviewer=True)
        promotion.refresh_from_db()
        promotions.send_back(promotion=promotion, rev=promotion.rev, reason="Again.", by=person)
        promotion.refresh_from_db()
        promotions.resubmit(promotion=promotion, by=cast.member)
    whole = ModelVersion.objects.select_related("model__team__unit", "model__registry", "model__profile__changed_by")
    checkpoint_now()  # so that nothing is left to number and to sign
    with django_assert_max_num_queries(50):
        content = dossier(whole.get(pk=version.pk))
    assert len(content["decisions"]) == 5


# Asking


def test_asking_leads_to_the_job_in_the_language_that_was_chosen(cast, as_user):
    version = make.make_version(make.make_model(cast.team))
    address = reverse("version-report", args=[version.model_id, version.number])
    answer = as_user(cast.member).post(address, {"language": "ja"})
    job = Job.objects.get(kind=KIND)
    assert answer.url == reverse("job", args=[job.pk])
    assert job.params["language"] == "ja"
    assert as_user(cast.member).get(address).status_code == 405
    assert as_user(cast.member).post(address, {"language": "xx"}).status_code == 422


def test_a_foreign_version_is_not_there(cast, as_user):
    version = make.make_version(make.make_model(cast.team))
    address = reverse("version-report", args=[version.model_id, version.number])
    assert as_user(cast.stranger).post(address, {"language": "en"}).status_code == 404
    assert not Job.objects.exists()


def test_the_versions_page_offers_the_dossier(cast, as_user):
    version = make.make_version(make.make_model(cast.team))
    page = as_user(cast.member).get(reverse("version", args=[version.model_id, version.number])).content.decode()
    assert reverse("version-report", args=[version.model_id, version.number]) in page
    assert 'name="language" value="ja"' in page


def test_a_version_that_is_gone_ends_the_job_with_a_sentence(cast, run_jobs):
    version = make.make_version(make.make_model(cast.team))
    job = request_report(version=version, language="en", by=cast.member)
    RegisteredModel.objects.all().delete()
    run_jobs()
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.error["code"] == "pdf.gone"
