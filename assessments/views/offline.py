"""Answering offline: the export as XLSX, and the import with a difference to confirm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from assessments import actions, sheet_difference, spreadsheet
from assessments.actions import Given
from assessments.models import AnswerValue, Assessment
from assessments.sheet_difference import Difference
from assessments.spreadsheet import Kept, SheetError, Words
from assessments.views.frame import in_framework, team_or_404, team_page
from assessments.views.opened import Opened, draft_or_404, opened
from portal.accounts.permissions import require
from portal.web.errors import Conflict, DomainError, Invalid

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LANGUAGES = (("en", "English"), ("ja", "日本語"), ("both", gettext_lazy("Both")))


class SheetForm(forms.Form):
    """The file that came back."""

    file = forms.FileField(label=gettext_lazy("Filled spreadsheet (XLSX)"), allow_empty_file=True)


@login_required
@require_safe
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft as a spreadsheet, in the languages that were chosen."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    require(request.user, "assessment.answer", draft)
    shown = opened(request, team)
    _refuse_apart(shown)
    chosen = request.GET.get("language", "")
    languages = ("en", "ja") if chosen == "both" else (chosen if chosen in ("en", "ja") else request.user.language,)
    items = shown.tasks.items if request.GET.get("all") else shown.tasks.queue
    data = spreadsheet.write(
        shown.framework,
        kept(draft),
        [item.criterion.id for item in items],
        assessment=str(draft.pk),
        words=tuple(words_of(language, shown) for language in languages),
    )
    name = f"{team.slug}-{shown.framework.key}-{timezone.localdate():%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "private"}
    return HttpResponse(data, content_type=XLSX, headers=headers)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offline(request: HttpRequest, slug: str) -> HttpResponse:
    """Export, import, and the difference in between; nothing is written before it is confirmed."""
    team = team_or_404(request, slug)
    draft = draft_or_404(request, team)
    require(request.user, "assessment.answer", draft)
    shown = opened(request, team)
    if request.method != "POST":
        return _page(request, shown)
    if "given" in request.POST:
        return _confirm(request, shown, draft)
    form = SheetForm(request.POST, request.FILES)
    if getattr(request, "upload_dropped", False) or not form.is_valid():
        return _page(request, shown, problem=Invalid("sheet.unreadable"))
    try:
        _refuse_apart(shown)
        filled = spreadsheet.read(form.cleaned_data["file"].read(), [words_of(one, shown) for one in ("en", "ja")])
        found = sheet_difference.compare(shown.framework, kept(draft), filled, assessment=str(draft.pk))
    except SheetError as error:
        return _page(request, shown, problem=Invalid(error.message))
    except DomainError as error:
        return _page(request, shown, problem=error)
    return _page(request, shown, difference=found)


def _confirm(request: HttpRequest, shown: Opened, draft: Assessment) -> HttpResponse:
    wanted = set(request.POST.getlist("take"))
    given = [one for one in _given(request.POST["given"]) if one.criterion in wanted]
    try:
        number = actions.import_answers(assessment=draft, given=given, by=request.user)
    except Conflict as error:
        if error.message.code != "sheet.changed_since":
            return _page(request, shown, problem=error)
        return _page(request, shown, problem=error, difference=_again(shown, draft, given))
    except Invalid as error:
        return _page(request, shown, problem=error, difference=_again(shown, draft, given))
    messages.success(request, _("Imported: %(n)s.") % {"n": number})
    return redirect(reverse("assessment", args=[shown.team.slug]) + in_framework(shown.framework))


def _given(text: str) -> list[Given]:
    """What the page of the difference sent back; it is checked like any other answer."""
    try:
        rows = json.loads(text)
        given = [Given(str(row[0]), str(row[1]), str(row[2]), int(row[3])) for row in rows]
    except (ArithmeticError, ValueError, TypeError, LookupError, RecursionError):
        raise Invalid("sheet.unreadable") from None
    if len({one.criterion for one in given}) < len(given):
        raise Invalid("sheet.unreadable")
    return given


def _again(shown: Opened, draft: Assessment, given: list[Given]) -> Difference:
    """The difference against what is stored by now."""
    stored = kept(draft)
    changes = []
    for one in given:
        now = stored.get(one.criterion, Kept("", "", 0))
        asked = shown.framework.by_id.get(one.criterion)
        if asked and (now.value, now.note) != (one.value, one.note):
            changes.append(sheet_difference.Change(asked, now, one.value, one.note, (), now.rev != one.rev))
    return Difference(tuple(changes), ())


def _page(
    request: HttpRequest, shown: Opened, *, problem: DomainError | None = None, difference: Difference | None = None
) -> HttpResponse:
    changes = difference.changes if difference else ()
    given = json.dumps([[one.criterion.id, one.value, one.note, one.now.rev] for one in changes])
    context = team_page(
        request,
        shown.team,
        "assessment",
        opened=shown,
        form=SheetForm(),
        problem=problem,
        difference=difference,
        given=given,
        languages=LANGUAGES,
        lacking=problem.fields if isinstance(problem, Invalid) else {},
    )
    return render(request, "assessments/offline.html", context, status=problem.status if problem else 200)


def kept(draft: Assessment) -> dict[str, Kept]:
    """The stored answers, as the spreadsheet takes them."""
    return {row.criterion: Kept(row.value, row.note, row.rev) for row in draft.answers.all()}


def words_of(language: str, shown: Opened) -> Words:
    """What the file says in one language."""
    with translation.override(language):
        heads: Mapping[str, str] = {
            "dimension": _("Dimension"),
            "level": _("Level"),
            "title": _("Criterion"),
            "statement": _("What must be true"),
            "answer": _("Answer"),
            "note": _("Note"),
            "na_reason": _("Not applicable only if"),
        }
        answers = {value: str(AnswerValue(value).label) for value in spreadsheet.VALUES}
        title = f"{shown.team.name} · {shown.framework.title.in_(language)}"
        how = (
            _("Fill out the two coloured columns of the sheet “answers”: choose from the list, write a note."),
            _("Leave a row as it is where nothing changes; only rows that you touch are taken over."),
            _("“Not applicable” needs the reason in the note, and is accepted only where the last column names one."),
            _("Bring the file back on the page of the assessment. You see the difference before anything is saved."),
        )
        return Words(language, heads, answers, title, how)


def _refuse_apart(shown: Opened) -> None:
    if shown.mode != "together":
        raise Conflict("assessment.apart")
