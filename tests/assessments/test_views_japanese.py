"""The maturity pages in Japanese: what the interface says is translated."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from assessments import actions

pytestmark = pytest.mark.django_db
# Proper names, and words that Japanese engineers write in Latin letters.
LATIN = {
    "Sekisho",
    "English",
    "MLOps",
    "MLflow",
    "Git",
    "PDF",
    "CSV",
    "JSON",
    "XLSX",
    "API",
    "Suzuki",
    "Credit Risk",
    "Retail",
    "Ito",
    "Ono",
    "JST",
}


class Words(HTMLParser):
    """The texts a reader sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.skipped = 0

    def handle_starttag(self, tag, attrs):
        self.skipped += tag in ("script", "style", "template", "kbd", "code")
        self.found += [value for name, value in attrs if name in ("aria-label", "title") and value]

    def handle_endtag(self, tag):
        self.skipped -= tag in ("script", "style", "template", "kbd", "code")

    def handle_data(self, data):
        if not self.skipped:
            self.found.append(data.strip())


def english(html: str) -> set[str]:
    """Texts that have Latin words and no Japanese."""
    words = Words()
    words.feed(html)
    left = set()
    for text in words.found:
        rest = text
        for name in LATIN:
            rest = rest.replace(name, "")
        if re.search(r"[A-Za-z]{3,}", rest) and not re.search(r"[ぁ-んァ-ヶ一-龯]", rest):
            left.add(text)
    return left


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/teams/",
        "/teams/credit-risk/",
        "/teams/credit-risk/assessment/",
        "/teams/credit-risk/assessment/check/",
        "/teams/credit-risk/assessment/release.batch-deploy-pipeline/",
        "/teams/credit-risk/roadmap/",
        "/teams/credit-risk/history/",
    ],
)
def test_no_english_is_left_on_a_japanese_page(as_user, cast, submitted, framework, path):
    actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    response = as_user(cast.japanese).get(path)
    assert response.status_code == 200
    html = response.content.decode()
    assert '<html lang="ja">' in html
    assert english(html) == set()
