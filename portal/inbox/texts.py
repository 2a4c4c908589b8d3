"""The floor's own kinds of notice, and the sentences and words of mail."""

from portal.inbox.kinds import notice_kind
from portal.ledger.words import register_actions, register_fields
from portal.message import gettext_noop, register

DUE_SOON, OVERDUE = "due.soon", "due.overdue"

notice_kind(
    OVERDUE,
    title=gettext_noop("Overdue"),
    text=gettext_noop("The due date of something of yours has passed."),
)
notice_kind(
    DUE_SOON,
    title=gettext_noop("Due soon"),
    text=gettext_noop("Something of yours falls due within three business days."),
)
register(
    {
        "inbox.sending": gettext_noop("Sending e-mail."),
        "inbox.sent": gettext_noop("E-mails sent: %(n)s."),
        "inbox.mail_refused": gettext_noop("The mail server refused it for good: %(reason)s"),
        "inbox.mail_failed": gettext_noop("The mail server could not be used: %(reason)s"),
        "inbox.link_invalid": gettext_noop("This link is not valid. Choose your e-mails on your own page instead."),
        "inbox.kind_unknown": gettext_noop("There is no kind of notice %(name)s."),
    }
)
register_actions({"user.choose_mail": gettext_noop("E-mail choices changed")})
register_fields(
    {
        "mail_now": gettext_noop("By e-mail at once"),
        "mail_digest": gettext_noop("By e-mail in the daily digest"),
        "mail_off": gettext_noop("Not by e-mail"),
    }
)
