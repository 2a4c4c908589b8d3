"""What every shipped framework's texts have in common: both languages, whole sentences, the product's words."""

import re

import pytest

from assessments.framework import Text, shipped

CRITERIA = [
    pytest.param(criterion, id=f"{key}/{criterion.id}")
    for key, framework in shipped().items()
    for criterion in framework.criteria
]
POLITE = re.compile(r"(ます|です|ません|ました|でした|ましょう)(（[^）]*）)?。$")
# 台帳 is the ledger and 基準 a criterion; the others are not what engineers say.
TAKEN = re.compile("基準|版管理|配備|作業領域|検証環境")


def texts(value, path=""):
    """Every text inside, with where it is."""
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}")
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from texts(item, f"{path}[{getattr(item, 'id', getattr(item, 'key', place))}]")
    else:
        for name in getattr(value, "__dataclass_fields__", ()):
            yield from texts(getattr(value, name), f"{path}.{name}")


@pytest.mark.parametrize("key", shipped())
def test_each_text_is_in_its_language(key):
    wrong = [
        path
        for path, text in texts(shipped()[key])
        if re.search("[\u3040-\u9fff]", text.en) or text.ja != text.ja.strip() or text.en != text.en.strip()
    ]
    assert not wrong


@pytest.mark.parametrize("key", shipped())
def test_words_of_the_product_keep_their_meaning(key):
    framework = shipped()[key]
    ladder = {level.text for level in framework.levels if framework.is_checklist}  # speaks of criteria itself
    wrong = [(path, text.ja) for path, text in texts(framework) if TAKEN.search(text.ja) and text not in ladder]
    assert not wrong
    ledgers = [text for _, text in texts(framework) if "台帳" in text.ja]
    assert all("ledger" in text.en for text in ledgers)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_criterion_says_more_than_its_title_in_whole_sentences(criterion):
    assert criterion.statement.en not in (criterion.title.en, f"{criterion.title.en}.")
    assert criterion.statement.ja.rstrip("。") != criterion.title.ja
    assert not criterion.title.ja.endswith("。")
    assert not criterion.title.en.endswith(".")
    assert len(criterion.statement.en) <= 210
    for name in ("statement", "challenge", "how", "person", "na_reason", "pulse"):
        text = getattr(criterion, name)
        if text is not None:
            assert POLITE.search(text.ja), f"{name}: {text.ja}"
            assert text.en.endswith("."), f"{name}: {text.en}"
