"""Sentences of what pipelines do, and the words of their records."""

from __future__ import annotations

from portal.ledger.words import register_actions, register_fields
from portal.message import gettext_noop, register

register(
    {
        "fact.key": gettext_noop(
            "A fact's key is written in small letters, digits, dots, - and _, such as load_test.p95_ms."
        ),
        "fact.value": gettext_noop(
            "A fact's value is true, false, a finite number, or a text of 1 to %(longest)s characters."
        ),
        "fact.unit": gettext_noop("A unit has at most %(longest)s characters."),
        "fact.future": gettext_noop(
            "This fact is dated %(at)s, but it is %(now)s: a fact cannot be told before it is seen. Check the "
            "pipeline's clock."
        ),
        "fact.past": gettext_noop(
            "This fact is dated %(at)s: it is dated when it was seen, after 1999. Check the pipeline's clock."
        ),
        "fact.older": gettext_noop(
            "%(key)s is known as of %(at)s. What was seen before that, or something else at that moment, is not taken."
        ),
        "register.no_model": gettext_noop(
            "%(registry)s has no model %(model)s that you may register versions of. A new model appears within a "
            "minute; then a team claims it with a profile."
        ),
        "register.reading": gettext_noop("Reading %(model)s, version %(version)s, from the registry."),
        "register.absent": gettext_noop("%(registry)s has no %(model)s, version %(version)s."),
        "idempotency.length": gettext_noop("An Idempotency-Key has 1 to %(longest)s visible characters."),
        "idempotency.other": gettext_noop(
            "This Idempotency-Key was used for another request. Nothing was changed; send a new key."
        ),
        "push.format": gettext_noop("Say the file's format by the Content-Type: %(types)s."),
        "push.large": gettext_noop(
            "The file is larger than %(limit)s MB, which is the most that a pipeline may push (SEKISHO_PUSH_LIMIT_MB)."
        ),
        "push.empty": gettext_noop("The body is empty. Send the file's bytes as they are."),
        "push.cut": gettext_noop("The body ended before its Content-Length. Nothing was kept; send it again."),
        "push.team": gettext_noop("You are in no team %(team)s."),
        "push.role": gettext_noop("Name the model together with its registry and the role of the set."),
        "push.proposing": gettext_noop("Proposing that the model be judged on the set."),
    }
)

register_actions({"fact.push": gettext_noop("Fact pushed")})
register_fields(
    {
        "fact_key": gettext_noop("Key of the fact"),
        "fact_value": gettext_noop("Value"),
        "fact_unit": gettext_noop("Unit of measure"),
        "token_name": gettext_noop("Name of the token"),
        "observed_at": gettext_noop("Observed at"),
    }
)
