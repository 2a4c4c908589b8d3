"""Drafts of policies: writing, looking at what they say, trying them on the last versions, publishing by a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.actions.policies import KEY, discard_draft, publish_draft, save_draft, unfit
from governance.dry_run import LAST, dry_run, last_versions
from governance.models import Policy, PolicyDraft
from governance.policy import DEFAULT, MAX_BYTES, PolicyError, parse
from governance.policy import Policy as Content
from governance.policy_people import few_people
from governance.views.policy_page import PolicyView, text_view
from portal.accounts.permissions import permission_required
from portal.message import Message
from portal.web.errors import Conflict, DomainError, Invalid
from portal.web.numbers import whole_number
from portal.web.say import say


@dataclass(frozen=True)
class Read:
    """A text as far as it can be read: its content and its words, or each error with its line."""

    content: Content | None
    view: PolicyView | None
    errors: list[tuple[int | None, Message]]
    few: list[Message] = field(default_factory=list)

    @classmethod
    def of(cls, text: str, before: str | None) -> Read:
        try:
            content = parse(text)
        except PolicyError as error:
            return cls(None, None, [(message.params.get("line"), message) for message in error.messages])
        wrong = [(None, message) for message in unfit(content)]
        return cls(content, text_view(text, before), wrong, few_people(content))


@permission_required("policy.draft")
@require_http_methods(["GET", "HEAD", "POST"])
def policy_new(request: HttpRequest) -> HttpResponse:
    """Begin a policy under a key of its own, from the one that comes with the product."""
    key, refusal = request.POST.get("key", "").strip(), None
    if request.method == "POST":
        if Policy.objects.filter(key=key).exists() or PolicyDraft.objects.filter(key=key).exists():
            return redirect("policy-draft", key)
        try:
            if not KEY.fullmatch(key):
                raise Invalid("policy.draft.name")
            text = DEFAULT.read_text("utf-8").replace("\nkey: default\n", f"\nkey: {key}\n")
            save_draft(key=key, text=text, rev=0, by=request.user)
            return redirect("policy-draft", key)
        except DomainError as error:
            refusal = error
    context = {"key": key, "refusal": refusal}
    return render(request, "governance/policy_new.html", context, status=refusal.status if refusal else 200)


@permission_required("policy.draft")
@require_safe
def policy_draft(request: HttpRequest, key: str) -> HttpResponse:
    """The editor: the text, what is wrong with it, and what it says."""
    return _editor(request, key)


@permission_required("policy.draft")
@require_POST
def policy_draft_save(request: HttpRequest, key: str) -> HttpResponse:
    """Keep what was typed, valid or not."""
    text = _typed(request)
    try:
        save_draft(key=key, text=text, rev=_rev(request), by=request.user)
    except DomainError as error:
        return _editor(request, key, text=text, refusal=error)
    messages.success(request, _("The draft is kept. It is in force for nobody until it is published."))
    return redirect("policy-draft", key)


@permission_required("policy.draft")
@require_POST
def policy_draft_preview(request: HttpRequest, key: str) -> HttpResponse:
    """What a text says, while it is being typed; nothing is kept."""
    newest = Policy.objects.filter(key=key).first()
    read = Read.of(_typed(request), newest.text if newest else None)
    return render(request, "governance/_policy_preview.html", {"read": read, "newest": newest})


@permission_required("policy.draft")
@require_safe
def policy_dry_run(request: HttpRequest, key: str) -> HttpResponse:
    """What the draft, as it is kept, would have said of the last versions."""
    draft = PolicyDraft.objects.select_related("changed_by").filter(key=key).first()
    if draft is None:
        raise Http404
    newest = Policy.objects.filter(key=key).first()
    read = Read.of(draft.text, newest.text if newest else None)
    trials = dry_run(read.content, last_versions(request.user)) if read.content else []
    context = {"key": key, "draft": draft, "newest": newest, "read": read, "trials": trials, "last": LAST}
    return render(request, "governance/policy_dry_run.html", context)


@permission_required("policy.draft")
@require_POST
def policy_draft_publish(request: HttpRequest, key: str) -> HttpResponse:
    """Publish the draft that was looked at."""
    try:
        made = publish_draft(key=key, rev=_rev(request), by=request.user)
    except DomainError as error:
        return _editor(request, key, refusal=error)
    messages.success(request, _("Published: it is in force for requests from now on."))
    for message in few_people(parse(made.text)):
        messages.warning(request, say(message))
    return redirect("policy", made.key, made.version)


@permission_required("policy.draft")
@require_POST
def policy_draft_discard(request: HttpRequest, key: str) -> HttpResponse:
    """Throw the draft away."""
    try:
        discard_draft(key=key, rev=_rev(request), by=request.user)
    except DomainError as error:
        return _editor(request, key, refusal=error)
    messages.success(request, _("The draft is gone. What is in force stays in force."))
    return redirect("policies")


def _typed(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\r\n", "\n").replace("\x00", "")


def _rev(request: HttpRequest) -> int:
    rev = whole_number(request.POST.get("rev", ""))
    return -1 if rev is None else rev


def _editor(
    request: HttpRequest, key: str, *, text: str | None = None, refusal: DomainError | None = None
) -> HttpResponse:
    """The page of a draft; what was typed stands there, also when it could not be kept."""
    draft = PolicyDraft.objects.select_related("changed_by", "base").filter(key=key).first()
    newest = Policy.objects.filter(key=key).first()
    if draft is None and newest is None and text is None:
        raise Http404
    kept = draft.text if draft else newest.text if newest else ""
    shown = kept if text is None else text
    read = Read.of(shown, newest.text if newest else None)
    context: dict[str, Any] = {
        "key": key,
        "draft": draft,
        "newest": newest,
        "text": shown,
        "theirs": kept if text is not None and isinstance(refusal, Conflict) else None,
        "by_oneself": bool(draft and draft.changed_by_id == request.user.pk),
        "read": read,
        "few": (read if shown == kept else Read.of(kept, None)).few if draft else [],
        "refusal": refusal,
        "limit": MAX_BYTES,
        "outdated": bool(draft and newest and draft.base_id != newest.pk),
        "own": bool(draft and settings.POLICY_SECOND_PERSON and draft.changed_by_id == request.user.pk),
        "same": bool(newest and shown == newest.text),
    }
    return render(request, "governance/policy_draft.html", context, status=refusal.status if refusal else 200)
