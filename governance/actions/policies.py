"""Publishing policies: each publication is a new version that nobody changes."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from governance.models import Policy
from governance.policy import DEFAULT, PolicyError, parse
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid


def publish(*, text: str, by) -> Policy:
    """Publish a policy's text as the next version of its key; the text in force again changes nothing.

    Raises
    ------
    Invalid
        The text is no policy; the message names lines and fields.
    """
    if by is not None:
        require(by, "policy.publish")
    try:
        policy = parse(text)
    except PolicyError as error:
        raise Invalid(Message("policy.invalid", {"errors": error.message}), {"text": error.message}) from error
    try:
        with transaction.atomic():
            return _publish(policy, by)
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


def _publish(policy, by) -> Policy:
    last = Policy.objects.filter(key=policy.key).order_by("-version").first()
    if last and last.digest == policy.digest:
        return last
    row = Policy.objects.create(
        key=policy.key,
        version=last.version + 1 if last else 1,
        text=policy.text,
        digest=policy.digest,
        published_by=by,
    )
    record(
        action="policy.publish",
        by=by,
        subject=("policy", row.pk, str(row)),
        before={"version": last.version, "digest": last.digest} if last else {},
        after={"version": row.version, "digest": row.digest},
        params={"key": row.key},
    )
    return row
