"""Copying, editing, publishing and retiring frameworks: for administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assessments import catalogue, framework_page
from assessments import framework as frameworks
from assessments.actions import frameworks as actions
from assessments.actions.frameworks import MANAGE, DraftConflict
from assessments.forms_frameworks import CopyForm, CriterionForm, SourceForm, UploadForm
from assessments.framework import Framework, FrameworkError
from assessments.models import FrameworkState, FrameworkVersion
from assessments.views.frameworks import framework_or_404
from portal.accounts.permissions import permission_required
from portal.web.errors import DomainError, Invalid
from portal.web.numbers import whole_number
from portal.web.say import say


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_copy(request: HttpRequest, key: str) -> HttpResponse:
    """Copy a framework under a key and title of one's own."""
    of = framework_or_404(key)
    ours = {"title_en": _("%(title)s, ours") % {"title": of.title.en}, "title_ja": of.title.ja}
    form = CopyForm(request.POST or None, initial={"key": f"our-{key}"[:60], **ours})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            draft = actions.copy_framework(
                of=of, key=given["key"], title={"en": given["title_en"], "ja": given["title_ja"]}, by=request.user
            )
        except Invalid as error:
            for name, message in error.fields.items():
                form.add_error(name, say(message))
        else:
            messages.success(request, _("Copied. Change what does not fit, then publish it."))
            return redirect("framework-edit", draft.key)
    context = {"form": form, "framework": of}
    return render(request, "assessments/framework_copy.html", context, status=422 if form.errors else 200)


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_upload(request: HttpRequest) -> HttpResponse:
    """Take a YAML file as a draft; what is wrong with it is shown beside its text."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = actions.upload(source=form.cleaned_data["file"], by=request.user)
        except DomainError as error:
            form.add_error("file", say(error.message))
        else:
            messages.success(request, _("Uploaded as a draft."))
            return redirect("framework-edit", draft.key)
    return render(request, "assessments/framework_upload.html", {"form": form}, status=422 if form.errors else 200)


@permission_required(MANAGE)
@require_POST
def framework_draft(request: HttpRequest, key: str) -> HttpResponse:
    """Begin the next version of a copy."""
    draft = actions.open_draft(key=key, by=request.user)
    return redirect("framework-edit", draft.key)


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_edit(request: HttpRequest, key: str) -> HttpResponse:
    """The draft's text; it is saved whatever is wrong with it, and says what that is."""
    draft = _draft_or_404(key)
    if request.method != "POST":
        return _edit_page(request, draft)
    by_script = request.headers.get("X-Autosave") == "1"
    form = SourceForm(request.POST)
    typed = request.POST.get("source", "")
    if not form.is_valid():
        return _edit_page(request, draft, typed=typed, status=422)
    try:
        saved = actions.save_draft(
            draft=draft, source=form.cleaned_data["source"], rev=form.cleaned_data["rev"], by=request.user
        )
    except DraftConflict as conflict:
        if by_script:
            values = {"source": conflict.stored.source}
            return JsonResponse({"rev": conflict.stored.rev, "who": "", "values": values}, status=409)
        return _edit_page(request, conflict.stored, typed=conflict.source, conflict=conflict)
    except DomainError as error:
        if by_script:
            return JsonResponse({"title": say(error.message)}, status=error.status if error.status != 409 else 422)
        return _edit_page(request, draft, typed=typed, refusal=error, status=error.status)
    if by_script:
        return HttpResponse(status=204, headers={"Sekisho-Rev": str(saved.rev)})
    return redirect("framework-publish" if request.POST.get("go") == "publish" else "framework-edit", key)


def _edit_page(request: HttpRequest, draft: FrameworkVersion, *, typed=None, conflict=None, refusal=None, status=200):
    parsed = _parsed(draft)
    context = {
        "draft": draft,
        "text": draft.source if typed is None else typed,
        "faults": actions.faults_of(draft),
        "criteria": parsed.criteria if parsed else (),
        "before": _before(draft),
        "conflict": conflict,
        "refusal": refusal,
    }
    return render(request, "assessments/framework_edit.html", context, status=409 if conflict else status)


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_criterion(request: HttpRequest, key: str, criterion_id: str) -> HttpResponse:
    """One criterion of a draft as a form; the YAML around it stays as it stands."""
    draft = _draft_or_404(key)
    parsed = _parsed(draft)
    if parsed is None:
        messages.error(
            request, _("Mend the text first: while it is no framework, its criteria cannot be shown as forms.")
        )
        return redirect("framework-edit", key)
    asked = parsed.by_id.get(criterion_id)
    if asked is None:
        raise Http404
    shown = {
        f"{name}_{language}": getattr(getattr(asked, name), language)
        for name in ("title", "statement", "how")
        for language in ("en", "ja")
    }
    shown |= {
        "required": "yes" if asked.required else "no",
        "effort": asked.effort,
        "level": asked.level,
        "rev": draft.rev,
    }
    form = CriterionForm(request.POST or None, framework=parsed, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_criterion(
                draft=draft, criterion=asked.id, changes=form.changes(), rev=form.cleaned_data["rev"], by=request.user
            )
        except DomainError as error:
            form.add_error(None, say(error.message))
        else:
            messages.success(request, _("Saved into the draft."))
            return redirect(f"{reverse('framework-edit', args=[key])}#criteria")
    context = {"form": form, "draft": draft, "criterion": asked}
    return render(request, "assessments/framework_criterion.html", context, status=422 if form.errors else 200)


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_publish(request: HttpRequest, key: str) -> HttpResponse:
    """What differs from the version before, and publishing it."""
    draft = _draft_or_404(key)
    faults = actions.faults_of(draft)
    refusal = None
    if request.method == "POST":
        try:
            rev = whole_number(request.POST.get("rev", ""))
            made = actions.publish(draft=draft, rev=-1 if rev is None else rev, by=request.user)
        except DomainError as error:
            refusal = error
        else:
            if made.state == FrameworkState.CURRENT:
                messages.success(request, _("Published, and in use."))
                return redirect("framework", key)
            messages.success(request, _("Published. It is in use once teams are upgraded to it."))
            return redirect("framework-upgrade", key)
    before = _before(draft)
    context = {
        "draft": draft,
        "faults": faults,
        "refusal": refusal,
        "before": before,
        "difference": framework_page.difference(before[1], draft.source) if before else [],
        "parsed": _parsed(draft),
    }
    return render(request, "assessments/framework_publish.html", context, status=refusal.status if refusal else 200)


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_discard(request: HttpRequest, key: str) -> HttpResponse:
    """Throw a draft away, after one question."""
    draft = _draft_or_404(key)
    if request.method == "POST":
        actions.discard_draft(draft=draft, by=request.user)
        messages.success(request, _("The draft was discarded."))
        return redirect("frameworks")
    return render(request, "assessments/framework_discard.html", {"draft": draft})


@permission_required(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def framework_retire(request: HttpRequest, key: str) -> HttpResponse:
    """Take a copy out of use, after one question; or bring it back."""
    found = framework_or_404(key)
    retired = key not in catalogue.currents()
    if request.method == "POST":
        if retired:
            actions.use_again(key=key, by=request.user)
            messages.success(request, _("It is in use again."))
        else:
            actions.retire(key=key, by=request.user)
            messages.success(request, _("Retired. What was assessed with it stays readable."))
        return redirect("framework", key)
    return render(request, "assessments/framework_retire.html", {"framework": found, "retired": retired})


def _draft_or_404(key: str) -> FrameworkVersion:
    return get_object_or_404(FrameworkVersion, key=key, state=FrameworkState.DRAFT)


def _parsed(draft: FrameworkVersion) -> Framework | None:
    try:
        return frameworks.load(draft.source)
    except FrameworkError:
        return None


def _before(draft: FrameworkVersion) -> tuple[str, str] | None:
    """What the draft is compared with, by name and text: the version before, or what it was copied from."""
    rows = FrameworkVersion.objects.filter(key=draft.key, version__lt=draft.version).exclude(digest="")
    last = rows.order_by("-version").first()
    if last:
        return str(last), last.source
    key, _space, version = draft.copied_from.rpartition(" ")
    found = next((one for one in catalogue.versions(key) if str(one.version) == version), None) if key else None
    return (draft.copied_from, catalogue.source(found)) if found else None
