import copy

import pytest
import yaml

from assessments.facts import CATALOGUE
from assessments.framework import FOLDER, FrameworkError, load, shipped
from portal.message import registered

SMALL = """\
key: small
version: 1
title: {en: Small, ja: 小}
description: {en: For tests, ja: テスト用}
themes:
  other: {en: Other, ja: その他}
levels:
  - {number: 0, title: {en: None, ja: なし}, text: {en: Nothing., ja: ありません。}}
  - {number: 1, title: {en: Some, ja: あり}, text: {en: Something., ja: あります。}}
dimensions:
  - {key: alpha, title: {en: Alpha, ja: 甲}, text: {en: First., ja: 一番目です。}}
criteria:
  - id: alpha.one
    level: 1
    required: true
    practice: one
    theme: other
    effort: 2
    auto: "N"
    title: {en: One, ja: 一}
    statement: {en: It is so., ja: そうです。}
    challenge: {en: It is not., ja: 違います。}
    how: {en: Do it., ja: します。}
"""


@pytest.fixture
def maturity():
    return shipped()["mlops-maturity"]


def refusal(text):
    with pytest.raises(FrameworkError) as caught:
        load(text)
    return str(caught.value)


def changed(**changes):
    """The small framework with fields of its criterion changed, as YAML."""
    data = yaml.safe_load(SMALL)
    data["criteria"][0].update(copy.deepcopy(changes))
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def test_the_maturity_model_has_the_criteria_of_its_source(maturity):
    required = [criterion for criterion in maturity.criteria if criterion.required]
    assert len(maturity.criteria) == 60
    assert len(required) == 43
    assert [sum(c.level == level for c in required) for level in (1, 2, 3, 4)] == [7, 9, 10, 17]
    assert [d.key for d in maturity.dimensions] == ["training", "release", "integration"]
    assert [sum(c.dimension == d.key for c in maturity.criteria) for d in maturity.dimensions] == [22, 23, 15]
    assert [level.number for level in maturity.levels] == [0, 1, 2, 3, 4]
    assert maturity.dimension("training").adds_nothing == (3,)


def test_every_text_is_there_in_both_languages(maturity):
    def texts(value):
        if hasattr(value, "ja"):
            yield value
        elif hasattr(value, "__dataclass_fields__"):
            for name in value.__dataclass_fields__:
                yield from texts(getattr(value, name))
        elif isinstance(value, tuple):
            for item in value:
                yield from texts(item)

    found = list(texts(maturity))
    assert len(found) > 60 * 4
    for text in found:
        assert any("\u3040" <= letter <= "\u9fff" for letter in text.ja), text
        assert text.en.isascii() or "é" in text.en, text
        assert text.in_("ja") == text.ja
        assert text.in_("en") == text.in_(None) == text.en


def test_one_practice_is_asked_once(maturity):
    assert len({criterion.practice for criterion in maturity.criteria}) == 60


def test_each_fact_that_rules_name_is_in_the_catalogue_and_has_a_text(maturity):
    rules = [rule for c in maturity.criteria for rule in (c.supports, c.contradicts) if rule]
    assert frozenset().union(*(rule.facts() for rule in rules)) <= set(CATALOGUE)
    assert {f"maturity.fact.{name}" for name in CATALOGUE} <= registered().keys()


def test_only_what_the_review_names_may_be_not_applicable(maturity):
    allowed = {criterion.id for criterion in maturity.criteria if criterion.na_allowed}
    assert "release.engineer-performed" in allowed
    assert "release.explainability-checked" not in allowed
    assert len(allowed) == 16
    assert maturity.not_all_na == (("release.online-deploy-pipeline", "release.batch-deploy-pipeline"),)


def test_a_path_and_its_text_give_the_same(maturity):
    path = FOLDER / "mlops-maturity.yaml"
    assert load(path) == load(path.read_text(encoding="utf-8")) == maturity
    assert len(maturity.digest) == 64


def test_the_digest_sees_content_and_not_layout():
    digest = load(SMALL).digest
    assert load("# a comment\n" + SMALL).digest == digest
    assert load(SMALL.replace("Do it.", "Do it now.")).digest != digest


def test_a_framework_cannot_be_changed():
    with pytest.raises(AttributeError):
        load(SMALL).version = 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SMALL.replace("version: 1", "version: x"), "Line 2, version: a whole number is expected."),
        (SMALL.replace("version: 1\n", ""), "Line 1, version: this field is missing."),
        (SMALL + "extra: 1\n", "Line 24, extra: this field is not known here."),
        (SMALL + "digest: abc\n", "Line 24, digest: this field is not known here."),
        (
            SMALL.replace("effort: 2", "effort: 7"),
            "Line 18, criteria[alpha.one].effort: it must be 5 or less.",
        ),
        (
            SMALL.replace("required: true", "required: maybe"),
            "Line 15, criteria[alpha.one].required: true or false is expected.",
        ),
        (
            SMALL.replace("how: {en: Do it., ja: します。}", "how: {en: Do it.}"),
            "Line 23, criteria[alpha.one].how.ja: this field is missing.",
        ),
        (SMALL.replace('auto: "N"', "auto: X"), "Line 19, criteria[alpha.one].auto: one of these is expected"),
        (SMALL.replace("id: alpha.one", "id: beta.one"), "Line 13, criteria[beta.one].id: there is no dimension beta."),
        (SMALL.replace("theme: other", "theme: odd"), "Line 17, criteria[alpha.one].theme: there is no theme odd."),
        (SMALL.replace("    level: 1", "    level: 2"), "Line 14, criteria[alpha.one].level: a level from 1 to 1"),
        (SMALL.replace("required: true", "required: false"), "[alpha].adds_nothing: level 1 requires nothing"),
        (SMALL.replace("key: alpha", "adds_nothing: [1], key: alpha"), "level 1 is listed, yet it has required"),
        (SMALL.replace("number: 1", "number: 3"), "Line 9, levels[2].number: levels count up from 0; 1 is expected"),
        (SMALL.replace("key: small", "key: [small"), "Line 2: this is not valid YAML"),
        (SMALL.replace("version: 1", "key: again"), "Line 2: key stands twice; remove one of the two."),
        (SMALL.replace("version: 1", "version: &a 1\nx: *a"), "Line 3: aliases (*name) are not read"),
        (SMALL.replace("version: 1", "version: !!python/name:os.system x"), "Line 2: this is not valid YAML"),
        (SMALL.replace("version: 1", "version: 2024-99-99"), "The file holds a value that cannot be read"),
        (SMALL + "---\na: 1\n", "Line 24: a second document begins"),
        ("", "The file is empty."),
        ("just words", "Line 1, document: fields with values are expected."),
        ("[" * 3000, "Line 1: nested deeper than 24 levels."),
        ("# " + "x" * 1_000_001, "The file is larger than 1000 kB."),
        ("a: \x00", "Line 1: this is not valid YAML"),
    ],
)
def test_errors_name_line_and_field(text, sentence):
    assert sentence in refusal(text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prerequisites": ["alpha.two"]}, "prerequisites[1]: there is no criterion alpha.two."),
        ({"prerequisites": ["alpha.one"]}, "prerequisites: alpha.one waits for itself."),
        ({"supports": {"fact": "mlf.rums", "at_least": 1}}, "supports.fact: there is no fact mlf.rums."),
        ({"supports": {"fact": "mlf.runs"}}, "supports: mlf.runs is a count: give one test"),
        ({"supports": {"fact": "mlf.runs", "is": True}}, "supports: mlf.runs is a count"),
        ({"supports": {"fact": "mlf.server_shared", "at_least": 1}}, "supports: mlf.server_shared is a flag"),
        ({"supports": {"fact": "mlf.runs", "at_least": "5"}}, "supports.at_least: a number is expected."),
        ({"supports": {"all": []}}, "supports: a rule is either all, any, or one test of a fact."),
        ({"supports": {"any": [{"fact": "mlf.runs", "near": 1}]}}, "supports.any[1].near: this field is not known"),
        ({"auto": "Y"}, "auto: facts are to settle it, yet the rule supports is missing."),
    ],
)
def test_rules_and_references_are_checked(changes, sentence):
    assert sentence in refusal(changed(**changes))


def test_a_longer_cycle_and_a_wrong_order_are_found():
    data = yaml.safe_load(SMALL)
    one, two = data["criteria"][0], copy.deepcopy(data["criteria"][0])
    two |= {"id": "alpha.two", "practice": "two", "prerequisites": ["alpha.one"]}
    one["prerequisites"] = ["alpha.two"]
    data["criteria"] = [one, two]
    assert "waits for itself" in refusal(yaml.safe_dump(data))
    one["prerequisites"], two["required"] = [], False
    assert len(load(yaml.safe_dump(data)).criteria) == 2
    one["prerequisites"], two["prerequisites"] = ["alpha.two"], []
    assert "alpha.two is only recommended" in refusal(yaml.safe_dump(data))


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(FrameworkError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(FrameworkError, match="not text in UTF-8"):
        load(binary)
