"""What a mail says, in its reader's language and time zone; and the signed links that stop mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.inbox.kinds import KINDS
from portal.inbox.models import Mail, Notice
from portal.inbox.reminders import zone_of
from portal.web.due_dates import in_words

SALT = "inbox.unsubscribe"
SUBJECT_LENGTH = 120


@dataclass(frozen=True)
class Group:
    """The notices of one kind."""

    title: str
    notices: list[Notice]


def compose(mail: Mail, notices: Sequence[Notice]) -> EmailMultiAlternatives:
    """The mail as it goes out: plain text, and the same as simple HTML."""
    user = mail.user
    stop = stop_address(mail)
    with translation.override(user.language), timezone.override(zone_of(user)):
        context = {
            "user": user,
            "language": user.language,
            "digest_of": mail.digest_of,
            "heading": _heading(notices),
            "groups": _grouped(notices),
            "site": settings.SITE_URL,
            "inbox": address_of(reverse("inbox")),
            "choices": address_of(reverse("notifications")),
            "stop": stop,
        }
        text = render_to_string("inbox/mail.txt", context).strip() + "\n"
        html = render_to_string("inbox/mail.html", context)
        subject = _subject(mail, notices)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[user.email],
        headers={
            "Message-ID": f"<notices-{mail.pk}-{user.pseudonym}@{_domain()}>",
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(html, "text/html")
    return message


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost"


def _grouped(notices: Sequence[Notice]) -> list[Group]:
    """By kind, in the order in which kinds were registered; what is due first stands first."""
    order = {name: place for place, name in enumerate(KINDS)}
    found: dict[str, list[Notice]] = {}
    by_due = sorted(notices, key=lambda n: (n.due is None, n.due or n.created_at.date(), n.pk))
    for notice in sorted(by_due, key=lambda n: order.get(n.kind, len(order))):
        found.setdefault(notice.kind, []).append(notice)
    return [Group(rows[0].title, rows) for rows in found.values()]


def _heading(notices: Sequence[Notice]) -> str:
    return notices[0].title if len(notices) == 1 else _("New for you: %(n)s") % {"n": len(notices)}


def _subject(mail: Mail, notices: Sequence[Notice]) -> str:
    if mail.digest_of:
        words = _("Sekisho, %(day)s: new for you: %(n)s") % {"day": in_words(mail.digest_of), "n": len(notices)}
    elif len(notices) == 1:
        words, about = notices[0].title, notices[0].about
        if about:
            words = _("%(kind)s: %(about)s") % {"kind": words, "about": about}
    else:
        words = _("Sekisho: new for you: %(n)s") % {"n": len(notices)}
    return " ".join(words.split())[:SUBJECT_LENGTH]


def address_of(path: str) -> str:
    """The whole address of a page."""
    return settings.SITE_URL + path


def stop_address(mail: Mail) -> str:
    """The page that stops such mails for whoever holds the link: the mail's number, signed."""
    return address_of(reverse("unsubscribe", args=[signing.Signer(salt=SALT).sign(mail.pk)]))


def read_token(token: str) -> Mail | None:
    """Which mail a link came with; None for a link that we did not make, and for mails long forgotten."""
    try:
        number = int(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return Mail.objects.select_related("user").filter(pk=number, user__is_active=True).first()


def kinds_of(mail: Mail) -> list[str] | None:
    """The kinds that stopping it is about; None for a digest, which is stopped as a whole."""
    if mail.digest_of:
        return None
    return sorted(set(mail.notices.order_by().values_list("kind", flat=True)))
