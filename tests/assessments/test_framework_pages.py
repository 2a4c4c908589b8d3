"""Pages of frameworks: reading, copying, editing, publishing, retiring."""

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile

from assessments import catalogue
from assessments.actions import frameworks as actions
from assessments.framework import load, shipped
from assessments.models import FrameworkVersion
from portal.ledger.models import Event
from tests.assessments.framework_rows import CHANGES, FIRST, SECOND, row, text_of

pytestmark = pytest.mark.django_db

COPY = {"key": "our-mlops", "title_en": "Ours", "title_ja": "自社版"}


@pytest.fixture
def admin(cast, as_user):
    return as_user(cast.admin)


@pytest.fixture
def draft(cast):
    row()
    return actions.open_draft(key="ours", by=cast.admin)


def text(response):
    return response.content.decode()


# -- reading


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("key", sorted(shipped()))
def test_everybody_reads_a_framework_in_their_language(cast, as_user, key, language):
    client = as_user(cast.japanese if language == "ja" else cast.member)
    page = text(client.get(f"/frameworks/{key}/", headers={"accept-language": language}))
    found = shipped()[key]
    assert found.title.in_(language).replace("&", "&amp;") in page
    for criterion in found.criteria:
        assert f'id="{criterion.id}"' in page
        for name in (criterion.title, criterion.statement, criterion.how, criterion.why):
            shown = name.in_(language)
            for plain, escaped in (("&", "&amp;"), ("'", "&#x27;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
                shown = shown.replace(plain, escaped)
            assert shown in page
    assert "/copy/" not in page


def test_the_list_shows_what_is_in_use_and_what_waits(cast, admin, as_user):
    row()
    row(2, SECOND, CHANGES, state="published")
    row(key="gone", state="retired")
    page = text(admin.get("/frameworks/"))
    assert f"Frameworks in use: {len(shipped()) + 1}." in page
    assert "version 2 waits" in page
    assert "/frameworks/ours/upgrade/" in page
    assert "gone 1" in page
    page = text(as_user(cast.member).get("/frameworks/"))
    assert "version 2 waits" in page
    assert "/frameworks/ours/upgrade/" not in page


def test_the_list_takes_a_bounded_number_of_queries(admin, django_assert_max_num_queries):
    for number in range(5):
        row(key=f"copy-{number}")
    admin.get("/frameworks/")
    with django_assert_max_num_queries(12):
        admin.get("/frameworks/")


def test_drafts_are_shown_to_administrators_only(cast, as_user, draft, admin):
    FrameworkVersion.objects.create(key="secret", version=1, source="key: secret")
    assert "secret 1" in text(admin.get("/frameworks/"))
    assert "secret" not in text(as_user(cast.member).get("/frameworks/"))
    assert as_user(cast.member).get(f"/frameworks/by-id/{draft.pk}/").status_code == 302
    assert as_user(cast.member).get("/frameworks/secret/").status_code == 404


def test_an_older_version_has_its_own_address(cast, as_user):
    row(state="retired")
    row(2, SECOND, CHANGES)
    client = as_user(cast.member)
    assert "Recorded" in text(client.get("/frameworks/ours/"))
    old = text(client.get("/frameworks/ours/1/"))
    assert "Tracked" in old
    assert "Version 2 is in use." in old
    assert client.get("/frameworks/ours/9/").status_code == 404
    assert client.get("/frameworks/nothing/").status_code == 404


def test_a_download_gives_the_same_framework(cast, as_user):
    client = as_user(cast.member)
    found = shipped()["mlops-maturity"]
    response = client.get(f"/frameworks/mlops-maturity/{found.version}/yaml/")
    assert response["Content-Disposition"] == f'attachment; filename="mlops-maturity.{found.version}.yaml"'
    assert load(text(response), complete=True) == found
    assert load(text(client.get("/api/v1/frameworks/mlops-maturity/yaml/")), complete=True) == found


# -- copying and uploading


def test_a_copy_becomes_a_draft_and_what_is_shipped_stays(admin):
    response = admin.post("/frameworks/mlops-maturity/copy/", COPY)
    assert response.headers["Location"] == "/frameworks/our-mlops/edit/"
    draft = FrameworkVersion.objects.get(key="our-mlops")
    copy = load(draft.source)
    assert (draft.state, draft.version, copy.title.in_("ja")) == ("draft", 1, "自社版")
    assert copy.criteria == shipped()["mlops-maturity"].criteria
    assert "our-mlops" not in catalogue.currents()
    assert Event.objects.get(action="framework.copy").subject_label == "our-mlops 1"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"key": "mlops-maturity"}, "mlops-maturity is taken already."),
        ({"key": "Our MLOps"}, "Use 2 to 60 lower-case letters"),
        ({"title_ja": " "}, "This field is required."),
    ],
)
def test_a_copy_that_cannot_be_keeps_what_was_typed(admin, given, words):
    response = admin.post("/frameworks/mlops-maturity/copy/", COPY | given)
    assert response.status_code == 422
    assert words in text(response)
    assert "Ours" in text(response)
    assert not FrameworkVersion.objects.exists()


def test_a_file_becomes_a_draft_whatever_is_wrong_with_it(admin):
    def upload(content):
        return admin.post("/frameworks/upload/", {"file": SimpleUploadedFile("x.yaml", content)}, follow=True)

    page = text(upload(text_of(criteria=FIRST).replace("effort: 1", "effort: 9", 1).encode()))
    assert "criteria[training.tracked].effort" in page
    assert "it must be 5 or less" in page
    assert FrameworkVersion.objects.get().state == "draft"
    assert "comes with the product and is not changed" in text(upload(b"key: mlops-maturity\n"))
    assert "no key that can be used" in text(upload(b"- 1\n"))
    assert "this is not valid YAML" in text(upload(b"key: x\n[1\n: 2\n"))
    assert "not text in UTF-8" in text(upload(b"\xff\xfe"))
    assert "aliases (*name) are not read" in text(upload(b"key: &a ours\nx: *a\n"))
    upload(text_of(criteria=FIRST).encode())
    assert load(FrameworkVersion.objects.get().source).key == "ours"


# -- editing


def test_the_text_is_saved_by_script_and_by_button(admin, draft):
    assert admin.get("/frameworks/ours/edit/").status_code == 200
    typed = draft.source + "\n# a thought\n"
    response = admin.post("/frameworks/ours/edit/", {"source": typed, "rev": 0}, headers={"x-autosave": "1"})
    assert (response.status_code, response.headers["Sekisho-Rev"]) == (204, "1")
    broken = typed.replace("training.tracked", "nowhere.tracked", 1)
    page = text(admin.post("/frameworks/ours/edit/", {"source": broken, "rev": 1}, follow=True))
    line = next(n for n, one in enumerate(broken.splitlines(), 1) if "nowhere.tracked" in one)
    assert f"Line {line}" in page
    assert "there is no dimension nowhere" in page
    draft.refresh_from_db()
    assert draft.source == broken.replace("\r\n", "\n")
    assert Event.objects.filter(action="framework.edit").count() == 2


def test_two_people_editing_see_both_texts(admin, draft):
    admin.post("/frameworks/ours/edit/", {"source": "key: mine\n", "rev": 0}, headers={"x-autosave": "1"})
    response = admin.post("/frameworks/ours/edit/", {"source": "key: theirs\n", "rev": 0}, headers={"x-autosave": "1"})
    assert response.status_code == 409
    assert response.json() == {"rev": 1, "who": "", "values": {"source": "key: mine\n"}}
    response = admin.post("/frameworks/ours/edit/", {"source": "key: theirs\n", "rev": 0})
    assert response.status_code == 409
    assert "key: theirs" in text(response)
    assert "key: mine" in text(response)


def test_a_text_that_is_too_large_is_kept_on_the_page(admin, draft):
    typed = "# " + "x" * 1_000_001
    response = admin.post("/frameworks/ours/edit/", {"source": typed, "rev": 0})
    assert response.status_code == 422
    assert typed in text(response)
    assert "larger than 1000 kB" in text(response)


def test_a_version_and_key_of_another_framework_are_told(admin, draft):
    typed = draft.source.replace("version: 2", "version: 5", 1).replace("key: ours", "key: others", 1)
    page = text(admin.post("/frameworks/ours/edit/", {"source": typed, "rev": 0}, follow=True))
    assert "ours is expected here" in page
    assert "2 is expected here" in page


def test_a_criterion_that_vanished_must_be_accounted_for(admin, draft):
    data = yaml.safe_load(draft.source)
    data["criteria"] = [one for one in data["criteria"] if one["id"] != "training.old"]
    typed = yaml.safe_dump(data, allow_unicode=True)
    page = text(admin.post("/frameworks/ours/edit/", {"source": typed, "rev": 0}, follow=True))
    assert "training.old was in the version before; say what became of it" in page


def test_one_criterion_is_changed_by_a_form(admin, draft):
    page = text(admin.get("/frameworks/ours/edit/training.tracked/"))
    assert 'value="Tracked"' in page
    given = {
        "title_en": "Tracked: all of it",
        "title_ja": "すべて記録している",
        "statement_en": "Text",
        "statement_ja": "文",
        "how_en": "Do it.",
        "how_ja": "やります。",
        "required": "no",
        "effort": "4",
        "level": "2",
        "rev": "0",
    }
    response = admin.post("/frameworks/ours/edit/training.tracked/", given)
    assert response.status_code == 302
    draft.refresh_from_db()
    one = next(c for c in yaml.safe_load(draft.source)["criteria"] if c["id"] == "training.tracked")
    assert (one["title"]["en"], one["required"], one["effort"], one["level"]) == ("Tracked: all of it", False, 4, 2)
    page = text(admin.get("/frameworks/ours/edit/"))
    assert "dimensions[training].adds_nothing" in page  # level 1 requires nothing now, and that is said
    assert admin.get("/frameworks/ours/edit/training.nothing/").status_code == 302


def test_a_form_refuses_what_is_empty_and_what_changed_meanwhile(admin, draft):
    given = dict.fromkeys(("title_en", "title_ja", "statement_en", "statement_ja", "how_en", "how_ja"), "x")
    given |= {"required": "yes", "effort": "1", "level": "1", "rev": "0"}
    response = admin.post("/frameworks/ours/edit/training.tracked/", given | {"how_ja": ""})
    assert response.status_code == 422
    response = admin.post("/frameworks/ours/edit/training.tracked/", given | {"level": "9"})
    assert response.status_code == 422
    admin.post("/frameworks/ours/edit/", {"source": draft.source + "\n# more\n", "rev": 0})
    response = admin.post("/frameworks/ours/edit/training.tracked/", given)
    assert response.status_code == 422
    assert "Somebody else saved this text" in text(response)
    assert 'value="x"' in text(response)


# -- publishing and retiring


def test_the_first_version_is_in_use_when_it_is_published(admin):
    admin.post("/frameworks/mlops-maturity/copy/", COPY)
    page = text(admin.get("/frameworks/our-mlops/publish/"))
    assert "Difference to mlops-maturity" in page
    assert "our-mlops" in page
    response = admin.post("/frameworks/our-mlops/publish/", {"rev": "0"})
    assert response.headers["Location"] == "/frameworks/our-mlops/"
    assert catalogue.current("our-mlops").title.in_("en") == "Ours"
    assert Event.objects.filter(action="framework.publish").count() == 1


def test_a_later_version_waits_for_its_upgrade(admin, draft):
    response = admin.post("/frameworks/ours/publish/", {"rev": "0"})
    assert response.headers["Location"] == "/frameworks/ours/upgrade/"
    assert catalogue.current("ours").version == 1
    published = FrameworkVersion.objects.get(key="ours", version=2)
    assert (published.state, published.digest) == ("published", load(published.source).digest)
    with pytest.raises(Exception, match="draft was published"):
        actions.save_draft(draft=published, source="key: x", rev=0, by=published.published_by)


def test_what_is_not_ready_is_not_published(admin, draft):
    admin.post("/frameworks/ours/edit/", {"source": "key: [ours", "rev": 0})
    page = text(admin.get("/frameworks/ours/publish/"))
    assert "Not ready to publish." in page
    response = admin.post("/frameworks/ours/publish/", {"rev": "1"})
    assert response.status_code == 422
    assert FrameworkVersion.objects.get(version=2).state == "draft"


def test_a_text_that_changed_since_is_not_published(admin, draft):
    admin.post("/frameworks/ours/edit/", {"source": draft.source + "\n# more\n", "rev": 0})
    for rev in ("0", "²", "x", "9" * 5000):
        assert admin.post("/frameworks/ours/publish/", {"rev": rev}).status_code == 409
    assert FrameworkVersion.objects.get(version=2).state == "draft"


def test_a_published_copy_depends_on_nothing_shipped(cast, admin):
    criterion = {"id": "training.built", "level": 1, "required": True, "theme": "other"}
    criterion |= {"title": {"en": "Built", "ja": "作った"}, "same_as": "mlops-maturity/training.pipeline-built"}
    data = yaml.safe_load(text_of(criteria=FIRST))
    data["criteria"].append(criterion)
    draft = actions.upload(source=yaml.safe_dump(data, allow_unicode=True), by=cast.admin)
    made = actions.publish(draft=draft, rev=0, by=cast.admin)
    written = yaml.safe_load(made.source)["criteria"][-1]
    assert written["statement"]["en"] == shipped()["mlops-maturity"].by_id["training.pipeline-built"].statement.en
    assert catalogue.by_digest(made.digest) == load(made.source, complete=True)


def test_a_draft_is_discarded_after_a_question(admin, draft):
    assert "Discard the draft ours 2?" in text(admin.get("/frameworks/ours/discard/"))
    admin.post("/frameworks/ours/discard/")
    assert FrameworkVersion.objects.get().version == 1
    assert Event.objects.filter(action="framework.discard").exists()
    assert admin.get("/frameworks/ours/edit/").status_code == 404


def test_a_copy_is_retired_and_brought_back(admin):
    row()
    assert "Retire" in text(admin.get("/frameworks/ours/retire/"))
    admin.post("/frameworks/ours/retire/")
    assert "ours" not in catalogue.currents()
    assert "This framework is retired." in text(admin.get("/frameworks/ours/"))
    admin.post("/frameworks/ours/retire/")
    assert "ours" in catalogue.currents()


def test_what_is_shipped_is_neither_edited_nor_retired(admin):
    assert admin.post("/frameworks/mlops-maturity/draft/").status_code == 409
    assert admin.post("/frameworks/mlops-maturity/retire/").status_code == 409
    assert admin.get("/frameworks/mlops-maturity/edit/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "upload/",
        "ours/copy/",
        "ours/edit/",
        "ours/edit/training.tracked/",
        "ours/publish/",
        "ours/discard/",
        "ours/retire/",
    ],
)
def test_changes_are_for_administrators(cast, as_user, draft, path):
    for user in (cast.manager, cast.reviewer, cast.auditor):
        assert as_user(user).get(f"/frameworks/{path}").status_code == 403
        assert as_user(user).post(f"/frameworks/{path}").status_code == 403
    assert as_user(cast.manager).post("/frameworks/ours/draft/").status_code == 403
