"""Policies: drafts that are kept however wrong, and publications that nobody changes."""

from __future__ import annotations

import re

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from assessments.catalogue import currents
from governance.in_force import in_force_parsed
from governance.models import ApproverGroup, Placement, Policy, PolicyDraft
from governance.policies_apply import differing_alias
from governance.policy import BUILT_IN_GROUPS, DEFAULT, InForce, PolicyError, digest_of_text, parse, too_high
from governance.policy import Policy as Content
from governance.verdicts import outdate
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Forbidden, Invalid, Missing

KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MOST_KEPT = 1_000_000  # characters of a draft


def save_draft(*, key: str, text: str, rev: int, by) -> PolicyDraft:
    """Keep the next version of a policy as it is being written, valid or not.

    Parameters
    ----------
    rev : int
        The revision of the draft that was edited; 0 where there was none.

    Raises
    ------
    Conflict
        Somebody else has saved it meanwhile, or the same person in another window.
    Invalid
        The key can be no policy's, or the text is out of all proportion.
    """
    require(by, "policy.draft")
    if not KEY.fullmatch(key):
        raise Invalid("policy.draft.name")
    text = text.replace("\r\n", "\n").replace("\x00", "")
    if len(text) > MOST_KEPT:
        raise Invalid("maturity.yaml.too-large", limit=MOST_KEPT // 1000)
    try:
        with transaction.atomic():
            return _save(key, text, rev, by)
    except IntegrityError as error:
        raise _changed(PolicyDraft.objects.filter(key=key).first(), by) from error


def discard_draft(*, key: str, rev: int, by) -> None:
    """Throw a draft away; the record keeps that it was, by its digest."""
    require(by, "policy.draft")
    with transaction.atomic():
        draft = _locked(key, rev, by)
        before = {"revision": draft.rev, "digest": digest_of_text(draft.text)}
        record(action="policy.discard", by=by, subject=("policy-draft", draft.pk, key), before=before, after={})
        draft.delete()


def publish_draft(*, key: str, rev: int, by) -> Policy:
    """Publish a draft as the next version. Whoever changed it last does not: what is in force, two have seen.

    Raises
    ------
    Forbidden
        The publisher has changed the draft last (unless ``SEKISHO_POLICY_SECOND_PERSON`` is off).
    Invalid
        The text is no policy, names a group that is not there, or contradicts another policy in force.
    Conflict
        The draft was changed, or another version was published, since it was looked at.
    """
    require(by, "policy.publish")
    with transaction.atomic():
        draft = _locked(key, rev, by)
        if settings.POLICY_SECOND_PERSON and draft.changed_by_id == by.pk:
            raise Forbidden("policy.draft.own")
        content = _read(draft.text)
        if content.key != key:
            raise Invalid("policy.draft.key", key=content.key, draft=key)
        newest = Policy.objects.filter(key=key).first()
        if newest and newest.pk != draft.base_id:
            raise Conflict("policy.draft.old", version=newest.version)
        made = _publish(content, by, drafted_by=draft.changed_by)
        draft.delete()
    return made


def publish(*, text: str, by) -> Policy:
    """Publish a text without a draft, as the system does; people publish drafts. The text in force changes nothing.

    Raises
    ------
    Invalid
        The text is no policy; the message names lines and fields.
    """
    if by is not None:
        require(by, "policy.publish")
    content = _read(text)
    try:
        with transaction.atomic():
            return _publish(content, by)
    except IntegrityError as error:
        raise Conflict("policy.raced") from error


def ensure_default_policy() -> Policy:
    """The newest version of the policy that comes with the product, published by the system if there is none."""
    newest = Policy.objects.filter(key="default").first()
    if newest:
        return newest
    try:
        return publish(text=DEFAULT.read_text("utf-8"), by=None)
    except Conflict:  # another process starts at the same moment
        return Policy.objects.filter(key="default").get(version=1)


def unfit(content: Content) -> list[Message]:
    """Why a text that reads well could not be published now: groups, frameworks or environments that are not there, …

    A gate on a framework that is not in use never passes, nor does `after` of an environment that no policy has.
    """
    found = _unknown_levels(content)
    wanted = content.groups - set(BUILT_IN_GROUPS)
    known = set(ApproverGroup.objects.filter(key__in=wanted).values_list("key", flat=True)) if wanted else set()
    if lacking := sorted(wanted - known):
        found.append(Message("policy.no-group", {"groups": lacking}))
    others = [one for one in in_force_parsed() if one.policy.key != content.key]
    named = {name for one in others for name in one.policy.environments} | set(content.environments)
    after = {environment.after for environment in content.environments.values() if environment.after}
    found += [Message("policy.no-environment", {"environment": name}) for name in sorted(after - named)]
    if differing := differing_alias([*others, InForce(content, 0)]):
        found.append(differing)
    return found


# -- below -------------------------------------------------------------------------------------------------


def _read(text: str) -> Content:
    try:
        return parse(text)
    except PolicyError as error:
        raise Invalid(Message("policy.invalid", {"errors": error.message}), {"text": error.message}) from error


def _save(key: str, text: str, rev: int, by) -> PolicyDraft:
    newest = Policy.objects.filter(key=key).first()
    fields = {"text": text, "base": newest, "changed_by": by, "changed_at": timezone.now()}
    kept = PolicyDraft.objects.select_for_update().filter(key=key).first()
    if (kept.rev if kept else 0) != rev:
        raise _changed(kept, by)
    if kept:
        PolicyDraft.objects.filter(pk=kept.pk).update(**fields, rev=F("rev") + 1)
        draft = PolicyDraft.objects.get(pk=kept.pk)
    else:
        draft = PolicyDraft.objects.create(key=key, **fields)
    record(
        action="policy.draft",
        by=by,
        subject=("policy-draft", draft.pk, key),
        before={"revision": kept.rev, "digest": digest_of_text(kept.text)} if kept else {},
        after={"revision": draft.rev, "digest": digest_of_text(text)},
    )
    return draft


def _changed(kept: PolicyDraft | None, by) -> Conflict:
    """That the draft is another one by now, and whether it was oneself who saved it."""
    return Conflict("policy.draft.changed-self" if kept and kept.changed_by_id == by.pk else "policy.draft.changed")


def _locked(key: str, rev: int, by) -> PolicyDraft:
    draft = PolicyDraft.objects.select_for_update().filter(key=key).first()
    if draft is None:
        raise Missing("policy.draft.none")
    if draft.rev != rev:
        raise _changed(draft, by)
    return draft


def _publish(content: Content, by, drafted_by=None) -> Policy:
    last = Policy.objects.filter(key=content.key).order_by("-version").first()
    if last and last.digest == content.digest:
        return last
    if reasons := unfit(content):
        raise Invalid(reasons[0])
    row = Policy.objects.create(
        key=content.key,
        version=last.version + 1 if last else 1,
        text=content.text,
        digest=content.digest,
        drafted_by=drafted_by,
        published_by=by,
    )
    outdate(everything=True)
    if Placement.objects.filter(until=None).exists():  # would it still pass?
        enqueue(kind="live.judge", params={}, by=by, key="live.judge")
    people = {"drafted_by": str(drafted_by.pseudonym)} if drafted_by else {}
    record(
        action="policy.publish",
        by=by,
        subject=("policy", row.pk, str(row)),
        before={"version": last.version, "digest": last.digest} if last else {},
        after={"version": row.version, "digest": row.digest},
        params={"key": row.key, **people},
    )
    return row


def _unknown_levels(content: Content) -> list[Message]:
    """Frameworks that are not in use, and dimensions and levels that they lack."""
    asked = {(rule.framework, rule.dimension or "") for rule in content.levels}
    in_use = currents() if asked else {}
    absent = sorted({framework for framework, _ in asked} - set(in_use))
    strange = sorted(
        (framework, dimension)
        for framework, dimension in asked
        if dimension and framework in in_use and dimension not in {one.key for one in in_use[framework].dimensions}
    )
    return [
        *(Message("gates.maturity.no-framework", {"framework": framework}) for framework in absent),
        *(Message("gates.maturity.no-dimension", {"framework": one[0], "dimension": one[1]}) for one in strange),
        *too_high(content, {key: framework.top for key, framework in in_use.items()}),
    ]
