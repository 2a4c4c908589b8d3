"""What needs a browser: a notice is read by following it, and a due date speaks while it is typed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from portal.inbox.models import Notice
from tests.e2e.walking import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(live_server, browser, client, cast):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    sign_in(context, client, cast.manager, live_server, "en")
    yield context.new_page()
    context.close()


def test_following_a_notice_reads_it(page, live_server, cast, say_to):
    say_to(cast.manager, thing="a", url="/teams/")
    page.goto(f"{live_server.url}/inbox/")
    with page.expect_request(lambda request: request.url.endswith("/read/")):
        page.get_by_role("link", name="Look at a.").click()
    page.wait_for_url("**/teams/")
    for _attempt in range(50):  # the note of it travels beside the new page
        if Notice.objects.get().read_at:
            break
        page.wait_for_timeout(100)
    page.goto(f"{live_server.url}/inbox/?state=read")
    assert page.get_by_role("link", name="Look at a.").count() == 1


def test_a_due_date_speaks_while_it_is_typed(page, live_server, cast):
    from assessments import actions
    from assessments.framework import shipped

    actions.start_assessment(team=cast.team, framework=shipped()["mlops-maturity"], by=cast.manager)
    page.goto(f"{live_server.url}/teams/{cast.team.slug}/assessment/delegate/")
    saturday = timezone.localdate() + dt.timedelta(days=(5 - timezone.localdate().weekday()) % 7)
    page.get_by_label("Due date").fill(saturday.isoformat())
    page.get_by_text("The next business day is").wait_for()
    assert page.locator("#id_due_says").inner_text().startswith("Saturday")
