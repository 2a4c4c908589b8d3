"""Would it pass? The verdict on any version and the way through, without a request: for page, API and command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from governance.at_hand import way_of
from governance.in_force import in_force_parsed, rules_by
from governance.models import ModelVersion, PolicyDraft
from governance.policy import InForce, PolicyError, parse
from governance.requesters import would_ask
from governance.verdict import Judgement, as_document, judge
from governance.way import Way
from portal.message import Message
from portal.web.errors import Invalid
from portal.web.say import say


@dataclass(frozen=True)
class Preflight:
    """What the rules say of a version now, or what they would say with a draft in the place of its policy."""

    version: ModelVersion
    judgement: Judgement
    way: Way
    draft: str = ""


def preflight(version: ModelVersion, environment: str, *, user=None, draft: str = "") -> Preflight:
    """Judge a version and look for its way through.

    Parameters
    ----------
    user : User, optional
        Who asks: drafts are for who may see them, and it is judged as a request of theirs would be. Without one, as
        for a command on the host, all drafts are there, and every signature counts.
    draft : str
        The key of a draft that takes the place of the policy in force.

    Raises
    ------
    Invalid
        No policy knows the environment, there is no such draft, or it cannot be read.
    """
    now = timezone.now()
    rules = rules_by(_with_draft(draft, user), version, environment) if draft else None
    judgement = judge(version, environment, rules, asked_by=would_ask(version, user), now=now)
    return Preflight(version, judgement, way_of(version, judgement.verdict, judgement.rules, now, user=user), draft)


def document(found: Preflight) -> dict[str, Any]:
    """For programs, with sentences in the current language, as it may leave the house."""
    way = found.way.to_json()
    for step in way["steps"]:
        step["sentence"] = say(Message.from_json(step["message"]))
    kept = {name: [say(Message.from_json(one)) for one in told] for name, told in way["kept"].items()}
    return as_document(found.version, found.judgement) | {"draft": found.draft or None, "way": way | {"kept": kept}}


def _with_draft(key: str, user) -> list[InForce]:
    """The policies in force, with a draft in its policy's place."""
    rows = PolicyDraft.objects.for_user(user) if user is not None else PolicyDraft.objects.all()
    row = rows.filter(key=key).first()
    if row is None:
        raise Invalid("preflight.no-draft", draft=key)
    try:
        content = parse(row.text)
    except PolicyError as error:
        raise Invalid(error.message) from error
    return [one for one in in_force_parsed() if one.policy.key != content.key] + [InForce(content, 0)]
