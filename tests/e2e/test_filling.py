"""Filling out assessments by hand and by keyboard, and how many activations it takes."""

from __future__ import annotations

import pytest

from assessments import actions
from assessments.framework import shipped
from assessments.models import Answer, Assessment
from portal.accounts.models import Membership, Team
from tests.e2e.test_saving import CLEAN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_TO_A_SCORE, MOST_FOR_A_QUARTER = 8, 40


class Hands:
    """A page that counts what a person activates: clicks, and keys that do something."""

    def __init__(self, page) -> None:
        self.page, self.activations = page, 0

    def click(self, locator) -> None:
        locator.click()
        self.page.wait_for_load_state()
        self.activations += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.activations += 1

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str):
        return self.page.get_by_role("main").get_by_role("link", name=name)


def saved(page) -> None:
    """Wait until nothing is left to save."""
    assert page.evaluate(CLEAN)


def test_a_first_assessment_takes_few_activations_to_the_first_scored_dimension(browser, live_server, cast):
    context = browser.new_context(locale="en")
    page = context.new_page()
    hands = Hands(page)
    page.goto(live_server.url)
    page.fill("input[name=login]", cast.manager.email)
    page.fill("input[name=password]", cast.password)
    hands.press("Enter")
    page.wait_for_selector("h1:text('Waiting for you')")
    hands.click(page.get_by_role("main").get_by_role("link", name="Credit Risk").first)
    if page.get_by_role("button", name="Start an assessment").count() == 0:
        hands.click(page.get_by_role("link", name="Assessment", exact=True))
    hands.click(hands.button("Start an assessment"))
    required = shipped()["mlops-maturity"].of("training", level=1, required=True)
    for place, criterion in enumerate(required):
        page.wait_for_url(f"**/{criterion.id}/")
        hands.press("3")
        if place + 1 < len(required):
            hands.press("j")
    page.wait_for_selector(".todo h3 [aria-label^='Training: claimed level 1']", state="attached")
    assert hands.activations <= MOST_TO_A_SCORE
    context.close()


@pytest.fixture
def three_teams(cast):
    """Three teams of one manager, assessed last quarter."""
    framework = shipped()["mlops-maturity"]
    teams = [cast.team, *(Team.objects.create(unit=cast.unit, name=n, slug=n.lower()) for n in ("Fraud", "Lending"))]
    for team in teams[1:]:
        Membership.objects.create(user=cast.manager, team=team, role="manager")
    for team in teams:
        draft = actions.start_assessment(team=team, framework=framework, by=cast.manager)
        lower = [c for c in framework.criteria if c.required and c.level <= 3]
        given = [actions.Given(c.id, "yes" if c.level == 1 else "no", "as seen", 0) for c in lower]
        actions.import_answers(assessment=draft, given=given, by=cast.manager)
        actions.submit(assessment=draft, by=cast.manager)
    return teams


def test_a_second_quarter_for_three_teams_takes_few_activations(live_server, cast, three_teams, signed_in):
    page = signed_in(cast.manager)
    hands = Hands(page)
    page.goto(live_server.url)
    hands.click(page.get_by_role("main").get_by_role("link", name="Credit Risk", exact=True).first)
    hands.click(page.get_by_role("link", name="Assessment", exact=True))
    hands.click(hands.link("Across my teams"))
    hands.click(hands.button("Start what is checked"))
    page.wait_for_url("**/unchanged/")
    changes = {
        ("credit-risk", "training.pipeline-built"): "yes",
        ("credit-risk", "integration.basic-tests"): "partly",
        ("fraud", "training.pipeline-built"): "yes",
        ("fraud", "release.models-registered"): "yes",
        ("lending", "release.models-registered"): "yes",
        ("lending", "training.artifacts-linked"): "partly",
    }
    for slug, key in changes:
        team = next(team for team in three_teams if team.slug == slug)
        hands.click(page.locator(f"input[name=same][value^='{team.pk}:{key}:']"))
    hands.click(hands.button("Confirm what is checked"))
    for _ in range(MOST_FOR_A_QUARTER):
        if "/check/" in page.url:
            break
        key = page.url.rstrip("/").rpartition("/")[2]
        for (slug, changed), value in changes.items():
            if changed == key:
                form = page.locator(f"form[action='/teams/{slug}/assessment/{key}/']")
                hands.click(form.locator(f"input[name=answer][value={value}]"))
        saved(page)
        hands.click(page.locator("[data-key=j]"))
    hands.click(hands.button("Submit what is checked"))
    assert page.get_by_text("Submitted: Credit Risk, Fraud, Lending.").is_visible()
    assert hands.activations <= MOST_FOR_A_QUARTER
    newest = Assessment.objects.filter(state="submitted").order_by("-pk")[:3]
    rows = Answer.objects.filter(assessment__in=newest).select_related("assessment__team")
    assert not rows.filter(carried=True).exclude(value="").exists()
    stored = {(row.assessment.team.slug, row.criterion): row.value for row in rows}
    assert {place: stored[place] for place in changes} == changes


def focus(page, name: str, most: int = 60) -> None:
    """Tab until something of that name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText?.trim() ?? ''") == name:
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def test_a_whole_assessment_by_keyboard_alone(live_server, cast, signed_in):
    page = signed_in(cast.manager)
    page.goto(f"{live_server.url}/teams/credit-risk/assessment/")
    focus(page, "Start an assessment")
    page.keyboard.press("Enter")
    page.wait_for_url("**/training.shared-platform/")
    page.keyboard.press("3")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "note":
            break
    page.keyboard.type("Since spring; see j and 3 in the wiki.")
    page.keyboard.press("Escape")
    required = [criterion for criterion in shipped()["mlops-maturity"].criteria if criterion.required]
    levels = {criterion.id: criterion.level for criterion in required}
    asked = []
    while "/check/" not in page.url and len(asked) < len(required):
        key = page.url.rstrip("/").rpartition("/")[2]
        asked.append(key)
        before = page.url
        if key != "training.shared-platform":
            page.keyboard.press("3" if levels[key] == 1 else "1")
        page.keyboard.press("j")
        page.wait_for_url(lambda url, before=before: url != before)
    assert len(asked) == sum(criterion.level <= 3 for criterion in required)  # level 1, the next, and one beyond
    focus(page, "Submit the assessment", 200)
    page.keyboard.press("Enter")
    page.wait_for_url("**/teams/credit-risk/")
    done = Assessment.objects.get(team=cast.team, state="submitted")
    assert done.answers.get(criterion="training.shared-platform").note == "Since spring; see j and 3 in the wiki."
    assert done.score["overall"]["claimed"] == 1


def test_a_spreadsheet_goes_out_and_comes_back(live_server, cast, signed_in, tmp_path):
    """Export, open, fill, compare, import: the file that the browser saves is the one that comes back."""
    from openpyxl import load_workbook

    draft = actions.start_assessment(team=cast.team, framework=shipped()["mlops-maturity"], by=cast.manager)
    page = signed_in(cast.member)
    page.goto(f"{live_server.url}/teams/credit-risk/assessment/offline/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as XLSX").click()
    path = tmp_path / "answers.xlsx"
    download.value.save_as(path)
    book = load_workbook(path)
    book["answers"].cell(3, 8).value = "Yes"
    book.save(path)
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Import what is checked").click()
    assert page.get_by_text("Imported: 1.").is_visible()
    assert draft.answers.filter(value="yes").count() == 1
