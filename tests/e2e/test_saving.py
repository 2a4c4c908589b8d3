"""What was typed is never lost: two hundred saves that fail, each in one of the ways in which saves fail."""

from __future__ import annotations

from random import Random

import pytest

from assessments import actions
from assessments.framework import shipped
from portal.ledger.models import EventText

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEY = "training.shared-platform"
SAVES = 200
# Of a hundred. An expired session costs a whole sign-in, two tabs a second page.
FAULTS = {"500": 26, "offline": 26, "ime": 20, "closed": 8, "conflict": 10, "tabs": 5, "expired": 5}
CLEAN = """async () => {
  const clean = () => [...savers].every((one) => !one.saving && one.read() === one.sent && !one.stopped);
  for (let tries = 0; !clean() && tries < 2000; tries += 1) await new Promise((done) => setTimeout(done, 10));
  return clean();
}"""
WRITE = """(text) => {
  const note = document.getElementById("note");
  note.focus();
  note.value = text;
  note.dispatchEvent(new InputEvent("input", { bubbles: true }));
  note.blur();
}"""
# The whole of one failure within the page: the request never leaves, or is answered with an error; then it is mended.
FAIL = """async ([text, fault]) => {
  const real = window.fetch;
  const broken = () => Promise.resolve(new Response("<h1>Server error</h1>", { status: 500 }));
  const gone = () => Promise.reject(new TypeError("Failed to fetch"));
  window.fetch = fault === "offline" ? gone : broken;
  const note = document.getElementById("note");
  note.focus();
  note.value = text;
  note.dispatchEvent(new InputEvent("input", { bubbles: true }));
  note.blur();
  const retry = () => document.querySelector("[data-retry]");
  for (let tries = 0; !retry() && tries < 2000; tries += 1) await new Promise((done) => setTimeout(done, 5));
  window.fetch = real;
  if (fault === "offline") window.dispatchEvent(new Event("online"));
  else retry().click();
}"""
COMPOSE = """([part, text]) => {
  const note = document.getElementById("note");
  note.focus();
  note.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
  note.value = part;
  note.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
  note.blur();
  document.dispatchEvent(new Event("visibilitychange"));
  window.dispatchEvent(new Event("online"));
  note.focus();
  note.value = text;
  note.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
  note.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
  note.blur();
}"""


class Line:
    """The line between browser and server, which can be cut."""

    def __init__(self, page, address: str) -> None:
        self.page, self.address = page, address

    def cut(self) -> None:
        self.page.route(self.address, self._refuse)

    def mend(self) -> None:
        self.page.unroute(self.address)

    def _refuse(self, route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=500, body="<h1>Server error</h1>", content_type="text/html")
        else:
            route.continue_()


@pytest.fixture
def draft(cast):
    return actions.start_assessment(team=cast.team, framework=shipped()["mlops-maturity"], by=cast.manager)


def test_two_hundred_faulty_saves_lose_nothing(live_server, cast, draft, signed_in, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    random, page = Random(20261121), signed_in(cast.member)
    address = f"{live_server.url}/teams/credit-risk/assessment/{KEY}/"
    line = Line(page, address)
    # The list beside the question is not what is tried here, and would be asked for anew after every save.
    page.add_init_script("document.addEventListener('htmx:beforeRequest', (event) => event.preventDefault())")
    page.goto(address)
    typed, theirs, parts = [], [], []
    for number in range(SAVES):
        fault = random.choices(list(FAULTS), list(FAULTS.values()))[0]
        text = (
            f"{number}: {fault} "
            + "".join(random.choice("abc 漢字かな=+-@\"'<&\n") for _ in range(random.randint(1, 30)))
            + "."
        )
        typed.append(text)
        if fault in ("500", "offline"):
            page.evaluate(FAIL, [text, fault])
        elif fault == "closed":
            line.cut()
            page.evaluate(WRITE, text)
            page.wait_for_selector("[data-retry]")
            line.mend()
            page.reload()
        elif fault == "ime":
            parts.append(f"half {number} ")
            page.evaluate(COMPOSE, [parts[-1], text])
        elif fault == "expired":
            page.context.clear_cookies(name="sessionid")
            page.evaluate(WRITE, text)
            page.fill("[data-password]", cast.password)
            page.click("[data-sign-in-here]")
        else:
            theirs.append(f"theirs {number}")
            _save_elsewhere(page, address, draft, cast, theirs[-1], tab=fault == "tabs")
            page.evaluate(WRITE, text)
            page.click(f"[data-keep={random.choice(['yours', 'both'])}]")
        assert page.evaluate(CLEAN), text
        assert page.input_value("#note").endswith(text)
    kept = list(EventText.objects.filter(name="note").values_list("text", flat=True))
    lost = [text for text in (*typed, *theirs) if not any(text.strip() in one for one in kept)]
    assert not lost
    assert not [part for part in parts if any(part in one for one in kept)]
    assert draft.answers.get(criterion=KEY).note.endswith(typed[-1].strip())
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('unsaved'))") == []


def _save_elsewhere(page, address, draft, cast, text, *, tab: bool) -> None:
    """Save the same answer in a second tab of the same person, or as somebody else."""
    if tab:
        other = page.context.new_page()
        other.goto(address)
        other.evaluate(WRITE, text)
        assert other.evaluate(CLEAN)
        other.close()
        return
    row = draft.answers.get(criterion=KEY)
    actions.save_answer(assessment=draft, criterion=KEY, value=row.value, note=text, rev=row.rev, by=cast.manager)


def test_going_on_waits_for_the_save(live_server, cast, draft, signed_in):
    """J right after typing, while the server fails: the page stays, and so does the text."""
    page = signed_in(cast.member)
    address = f"{live_server.url}/teams/credit-risk/assessment/{KEY}/"
    line = Line(page, address)
    page.goto(address)
    line.cut()
    page.fill("#note", "typed in a hurry")
    page.get_by_role("button", name="Save and next open").click()
    page.wait_for_selector("[data-retry]")
    assert page.url == address
    line.mend()
    page.get_by_role("button", name="Save and next open").click()
    page.wait_for_url("**/training.code-hosted/")
    assert draft.answers.get(criterion=KEY).note == "typed in a hurry"


def test_somebody_else_who_signs_in_sends_nothing(live_server, cast, draft, signed_in, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    page = signed_in(cast.member)
    page.goto(f"{live_server.url}/teams/credit-risk/assessment/{KEY}/")
    page.context.clear_cookies(name="sessionid")
    page.evaluate(WRITE, "written by Ito")
    page.fill("[data-login]", cast.manager.email)
    page.fill("[data-password]", cast.password)
    page.click("[data-sign-in-here]")
    page.wait_for_selector("text=another person’s account")
    assert draft.answers.get(criterion=KEY).note == ""
    assert page.input_value("#note") == "written by Ito"
