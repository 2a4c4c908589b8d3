"""E-mail over a real SMTP connection: at once or in the morning, once, and again after a failure."""

from __future__ import annotations

import datetime as dt
import re
import threading
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from portal.accounts.models import Team, User
from portal.inbox import actions, jobs
from portal.inbox.models import Mail, MailState, Notice
from portal.inbox.outbox import PAUSES, calendars_of, claim, gather, next_digest, send_due
from portal.jobs.models import Job
from portal.jobs.runner import drain

pytestmark = pytest.mark.django_db
TOKYO_7, TOKYO_8 = (dt.datetime(2026, 11, 23, hour, 1, tzinfo=dt.UTC) for hour in (22, 23))  # of Tuesday the 24th


@pytest.fixture(autouse=True)
def _early(time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC), tick=False)  # Monday evening in Tokyo


def work() -> int:
    """What the worker's clock and threads do."""
    jobs.send_soon()
    return drain()


def to(mail) -> str:
    return str(mail["To"])


# When


def test_what_is_urgent_goes_at_once_in_one_mail(cast, say_to, mail_server):
    say_to(cast.member, kind="test.urgent", thing="a")
    say_to(cast.member, kind="test.urgent", thing="b")
    say_to(cast.manager, kind="test.urgent", thing="b")
    work()
    assert sorted(map(to, mail_server.mails)) == ["ito@example.org", "ono@example.org"]
    [mail] = [mail for mail in mail_server.mails if to(mail) == "ito@example.org"]
    assert mail["Subject"] == "Sekisho: new for you: 2"
    assert set(Notice.objects.values_list("emailed_at", flat=True)) != {None}
    assert mail_server.connections == 1
    work()
    assert len(mail_server.mails) == 2


def test_the_digest_comes_in_the_readers_morning(cast, say_to, mail_server, time_machine):
    say_to(cast.japanese, thing="a")
    work()
    time_machine.move_to(TOKYO_7, tick=False)
    work()
    assert not mail_server.mails
    time_machine.move_to(TOKYO_8, tick=False)
    work()
    [mail] = mail_server.mails
    assert mail["Subject"].strip() == "関所 2026-11-24（火）：新しいお知らせ1件"
    say_to(cast.japanese, thing="b")
    time_machine.move_to(TOKYO_8 + dt.timedelta(hours=5), tick=False)
    work()
    assert len(mail_server.mails) == 1  # what came since waits for the next
    time_machine.move_to(TOKYO_8 + dt.timedelta(days=1), tick=False)
    work()
    assert len(mail_server.mails) == 2


def test_no_digest_on_a_holiday_or_at_night(cast, say_to, mail_server, time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC), tick=False)
    say_to([cast.japanese, cast.member], thing="a")
    for moment in ("2026-11-21T23:30", "2026-11-22T23:30", "2026-11-23T12:30"):  # Sunday, the holiday, its evening
        time_machine.move_to(dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC), tick=False)
        gather()
    assert not Mail.objects.exists()
    Team.objects.update(holidays="US")  # their Monday is a Monday
    time_machine.move_to(dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC), tick=False)
    gather()
    assert Mail.objects.get().user == cast.japanese


def test_whose_teams_differ_keeps_the_organisations_holidays(cast):
    Team.objects.filter(pk=cast.team.pk).update(holidays="US")
    assert calendars_of([cast.member, cast.stranger, cast.admin]) == {
        cast.member.pk: "US", cast.stranger.pk: "JP", cast.admin.pk: "JP",
    }  # fmt: skip
    cast.member.memberships.create(team=cast.other_team)
    assert calendars_of([cast.member]) == {cast.member.pk: "JP"}


def test_the_next_digest_is_told_rightly(cast):
    now = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)  # Friday noon in Tokyo
    assert next_digest(cast.japanese, now, "JP").isoformat() == "2026-11-24T08:00:00+09:00"
    assert next_digest(cast.japanese, now, "").isoformat() == "2026-11-23T08:00:00+09:00"
    cast.member.timezone = "America/New_York"  # summer time ends on 1 November
    autumn = dt.datetime(2026, 10, 30, 20, tzinfo=dt.UTC)
    assert next_digest(cast.member, autumn, "").isoformat() == "2026-11-02T08:00:00-05:00"


# Whether


def test_what_was_switched_off_read_or_done_is_not_mailed(cast, say_to, mail_server):
    for thing in ("read", "done", "off"):
        say_to(cast.member, kind="test.urgent", thing=thing)
    say_to(cast.member, kind="test.silent", thing="silent")
    gather()
    Notice.objects.filter(key="test:read").update(read_at=dt.datetime.now(dt.UTC))
    actions.withdraw(key="test:done")
    actions.choose_mail(user=cast.member, by=cast.member, channels={"test.urgent": "off"})
    work()
    assert not mail_server.mails
    assert Mail.objects.get().state == MailState.DROPPED
    assert not Notice.objects.exclude(emailed_at=None).exists()


def test_nobody_who_has_left_gets_mail(cast, say_to, mail_server):
    say_to([cast.member, cast.manager], kind="test.urgent", team=cast.team)
    User.objects.filter(pk=cast.manager.pk).update(is_active=False)
    gather()
    assert Mail.objects.get().user == cast.member
    cast.member.memberships.all().delete()  # left the team between gathering and sending
    work()
    assert not mail_server.mails


def test_without_a_mail_server_nothing_is_gathered(cast, say_to, settings):
    say_to(cast.member, kind="test.urgent")
    work()
    assert not Mail.objects.exists()
    assert not Job.objects.exists()


def test_what_waited_for_a_server_too_long_is_left_to_the_inbox(cast, say_to, mail_server, time_machine):
    say_to(cast.member, kind="test.urgent")
    time_machine.shift(dt.timedelta(days=8))
    work()
    assert not mail_server.mails
    assert Notice.objects.for_user(cast.member).unread().exists()


# Failures


def test_a_server_that_is_down_is_tried_again_later(cast, say_to, mail_server, settings, time_machine):
    say_to([cast.member, cast.manager], kind="test.urgent")
    right, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    work()
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 1]  # a dead server ends the round
    failed = Mail.objects.get(attempts=1)
    assert (failed.state, failed.lease_until, failed.error["code"]) == ("waiting", None, "inbox.mail_failed")
    settings.EMAIL_PORT = right
    work()
    assert len(mail_server.mails) == 1  # the other one; the failed one waits its minute
    time_machine.shift(PAUSES[0] + dt.timedelta(seconds=1))
    work()
    assert len(mail_server.mails) == 2
    assert set(Mail.objects.values_list("state", flat=True)) == {"sent"}
    assert not Notice.objects.filter(emailed_at=None).exists()


def test_a_passing_refusal_is_tried_again_and_a_final_one_is_not(cast, say_to, mail_server, time_machine):
    mail_server.answers = {"ito@example.org": (550, "no such user"), "ono@example.org": (451, "later, please")}
    say_to([cast.member, cast.manager], kind="test.urgent")
    work()
    time_machine.shift(dt.timedelta(minutes=2))
    mail_server.answers["ono@example.org"] = (250, "fine")
    work()
    lost, sent = Mail.objects.get(user=cast.member), Mail.objects.get(user=cast.manager)
    assert (lost.state, lost.attempts, sent.state, sent.attempts) == ("failed", 1, "sent", 2)
    assert "550 no such user" in lost.error["params"]["reason"]
    assert list(map(to, mail_server.mails)) == ["ono@example.org"]
    assert Notice.objects.get(user=cast.member).emailed_at is None


def test_it_is_given_up_at_last(cast, say_to, mail_server, time_machine):
    mail_server.after_data = (452, "mailbox full")
    say_to(cast.member, kind="test.urgent")
    for _attempt in range(len(PAUSES) + 3):
        work()
        time_machine.shift(dt.timedelta(days=1))
    mail = Mail.objects.get()
    assert (mail.state, mail.attempts) == ("failed", len(PAUSES) + 1)


def test_a_lease_keeps_the_second_worker_away(cast, say_to, mail_server, time_machine):
    say_to(cast.member, kind="test.urgent")
    gather()
    mail = Mail.objects.get()
    assert claim(mail.pk)
    assert claim(mail.pk) is None
    assert send_due() == 0
    time_machine.shift(dt.timedelta(minutes=6))  # the first one died
    assert send_due() == 1


def test_who_was_overtaken_writes_nothing(cast, say_to, mail_server, time_machine):
    from portal.inbox.outbox import _end

    say_to(cast.member, kind="test.urgent")
    gather()
    slow = claim(Mail.objects.get().pk)
    time_machine.shift(dt.timedelta(minutes=6))
    assert send_due() == 1
    _end(slow, MailState.FAILED)
    assert Mail.objects.get().state == MailState.SENT


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_mail_once(cast, say_to, mail_server):
    people = [User.objects.create_user(f"p{n}@example.org", name=f"P{n}") for n in range(12)]
    say_to(people, kind="test.urgent")
    start, failed = threading.Barrier(4), []

    def run() -> None:
        try:
            start.wait()
            gather()
            send_due()
        except Exception as error:  # pragma: no cover
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_due()
    assert not failed
    assert sorted(map(to, mail_server.mails)) == sorted(person.email for person in people)


# What it says


def parts(mail) -> tuple[str, str]:
    return mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


def test_it_says_what_when_and_where_in_both_forms(cast, say_to, mail_server, settings):
    settings.SITE_URL = "https://sekisho.example.org"
    due = dt.date(2026, 11, 26)
    say_to(cast.member, kind="test.urgent", thing="<b>x</b> & y", due=due, subject=("team", 1, "Credit Risk"))
    work()
    [mail] = mail_server.mails
    text, html = parts(mail)
    assert mail["Subject"] == "Urgent thing: Credit Risk"
    assert "- Look at <b>x</b> & y." in text
    assert "Look at &lt;b&gt;x&lt;/b&gt; &amp; y." in html
    for form in (text, html):
        assert "https://sekisho.example.org/teams/" in form
        assert "2026-11-26 (Thu)" in form
        assert "https://sekisho.example.org/profile/notifications/" in form
    assert not re.search(r"(src|url)=?[\"(]", html)  # nothing is fetched, nobody is traced
    assert mail["Auto-Submitted"] == "auto-generated"


def test_it_speaks_the_readers_language(cast, say_to, mail_server):
    say_to(cast.japanese, kind="test.urgent", due=dt.date(2026, 11, 26))
    work()
    text, html = parts(mail_server.mails[0])
    assert "期限：" in text
    assert "2026-11-26（木）" in html
    assert '<html lang="ja">' in html


def test_a_name_cannot_add_a_header(cast, say_to, mail_server):
    say_to(cast.member, kind="test.urgent", subject=("team", 1, "X\r\nBcc: all@example.org"))
    work()
    [mail] = mail_server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Urgent thing: X Bcc: all@example.org"


def test_the_same_mail_sent_again_carries_the_same_id(cast, say_to, mail_server, time_machine):
    say_to(cast.member, kind="test.urgent")
    gather()
    send_due()
    Mail.objects.update(state="waiting", ended_at=None)  # as if the worker had died before it could write
    send_due()
    first, second = mail_server.mails
    assert first["Message-ID"] == second["Message-ID"]


# The link that stops


def stop_link(mail) -> str:
    return urlsplit(str(mail["List-Unsubscribe"]).strip("<> ")).path


def test_one_click_stops_the_kind_for_its_reader_alone(cast, say_to, mail_server):
    say_to([cast.member, cast.manager], kind="test.urgent")
    work()
    [mail] = [mail for mail in mail_server.mails if to(mail) == "ito@example.org"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    browser, link = Client(enforce_csrf_checks=True), stop_link(mail)
    asked = browser.get(link)
    assert "Urgent thing" in asked.content.decode()
    assert actions.channels_for(cast.member)["test.urgent"] == "now"  # looking stops nothing
    assert browser.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert actions.channels_for(cast.member)["test.urgent"] == "off"
    assert actions.channels_for(cast.manager)["test.urgent"] == "now"
    assert browser.post(link).status_code == 200  # twice is as once


def test_the_digests_link_stops_the_digest(cast, say_to, mail_server, time_machine):
    say_to(cast.japanese, thing="a")
    time_machine.move_to(TOKYO_8, tick=False)
    work()
    page = Client().post(stop_link(mail_server.mails[0])).content.decode()
    assert "suzuki@example.org" in page
    assert 'lang="ja"' in page
    channels = actions.channels_for(cast.japanese)
    assert channels["test.calm"] == channels["due.soon"] == "off"
    assert channels["test.urgent"] == "now"


def test_a_forged_or_foreign_link_stops_nothing(cast, say_to, mail_server, settings):
    say_to(cast.member, kind="test.urgent")
    work()
    link = stop_link(mail_server.mails[0])
    browser = Client()
    assert browser.post(link[:-2] + "x/").status_code == 404
    assert browser.post("/unsubscribe/none/").status_code == 404
    User.objects.filter(pk=cast.member.pk).update(is_active=False)
    assert browser.post(link).status_code == 404
    assert actions.channels_for(cast.member)["test.urgent"] == "now"
    settings.SECRET_KEY = "another" * 9
    User.objects.filter(pk=cast.member.pk).update(is_active=True)
    assert browser.post(link).status_code == 404
