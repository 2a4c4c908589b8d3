"""A kind of notice and a source that only tests know, and a mail server that can refuse."""

from __future__ import annotations

import pytest

from portal.inbox.kinds import KINDS, SOURCES, notice_kind
from portal.message import Message, gettext_noop, register
from tests.portal.inbox.mail_server import MailServer

register({"test.told": gettext_noop("Look at %(thing)s.")})


@pytest.fixture(autouse=True)
def _kinds_of_the_test():
    kinds, sources = dict(KINDS), dict(SOURCES)
    notice_kind("test.urgent", title="Urgent thing", text="When it burns.", channel="now")
    notice_kind("test.calm", title="Calm thing", text="When it can wait.")
    notice_kind("test.silent", title="Silent thing", text="When it hardly matters.", channel="off")
    yield
    for known, before in ((KINDS, kinds), (SOURCES, sources)):
        known.clear()
        known.update(before)


@pytest.fixture
def say_to(django_db_blocker):
    """`say_to(user, "test.calm", thing="x")`: tell it in a transaction of its own."""
    from django.db import transaction

    from portal.inbox.actions import tell

    def say(to, kind="test.calm", thing="the pipeline", key="", url="/teams/", **given):
        with transaction.atomic():
            message = Message("test.told", {"thing": thing})
            return tell(to=to, kind=kind, message=message, url=url, key=key or f"test:{thing}", **given)

    return say


@pytest.fixture
def mail_server(settings):
    """A real SMTP server on loopback; settings point at it."""
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
    yield server
    server.stop()
