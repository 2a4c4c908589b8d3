"""The map of a team's pipelines: its tools against what must be done, gaps first."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from assessments import catalogue, coverage, standings, wording
from assessments.actions.tools import choose_tools
from assessments.coverage import Use
from assessments.framework import Framework
from assessments.levels import fact_of
from assessments.models import Evidence, TeamTool
from assessments.views.frame import framework, team_or_404, team_page
from portal.accounts.models import Team
from portal.web.acting import act

GLYPHS = {"full": "pass", "part": "part", "gap": "none"}


class ToolsForm(forms.Form):
    """The tools that the team uses."""

    tools = forms.MultipleChoiceField(
        label=gettext_lazy("Tools that the team uses"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, uses: tuple[Use, ...], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tools"].choices = [(use.tool.key, wording.text(use.tool.title)) for use in uses]
        self.initial.setdefault("tools", [use.tool.key for use in uses if use.declared])


@login_required
@require_safe
def team_map(request: HttpRequest, slug: str) -> HttpResponse:
    """Rows are what the pipelines must do, columns the team's tools."""
    team = team_or_404(request, slug)
    if "framework" not in request.GET:
        return redirect(reverse("team-map", args=[slug]) + within(_first()))
    model = _mapped(request)
    uses = uses_of(team, model)
    parts = coverage.coverage(model, [use.tool for use in uses if use.used])
    lacking = coverage.gaps(parts)
    standing = standings.of([team], [model])[team.pk, model.key]
    context = team_page(
        request,
        team,
        "team-map",
        uses=[use for use in uses if use.used],
        parts=parts,
        counts=coverage.count(parts),
        gaps=wording.criteria(model, [criterion.id for criterion in lacking], shown=3),
        lacking=len(lacking),
        total=len(model.criteria),
        official=standing.score["official"],
        may_choose=request.user.has_perm("tools.choose", team),
    )
    return render(request, "assessments/map.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team_tools(request: HttpRequest, slug: str) -> HttpResponse:
    """Say which tools the team uses."""
    team, model = team_or_404(request, slug), _mapped(request)
    if not request.user.has_perm("tools.choose", team):
        raise Http404
    uses = uses_of(team, model)
    form = ToolsForm(request.POST if request.method == "POST" else None, uses=uses)
    if request.method == "POST" and form.is_valid():
        done, _chosen = act(
            form, choose_tools, team=team, framework=model, tools=form.cleaned_data["tools"], by=request.user
        )
        if done:
            messages.success(request, _("The tools are kept."))
            return redirect(reverse("team-map", args=[team.slug]) + within(model))
    context = team_page(request, team, "team-map", form=form, uses=uses)
    return render(request, "assessments/tools.html", context, status=422 if form.errors else 200)


def uses_of(team: Team, model: Framework) -> tuple[Use, ...]:
    """The framework's tools with what the team says and what facts show."""
    declared = TeamTool.objects.filter(team=team).values_list("tool", flat=True)
    facts = [fact_of(row) for row in Evidence.objects.filter(team=team)]
    return coverage.uses(model, declared, facts, timezone.now())


def within(model: Framework) -> str:
    """The end of the map's address."""
    return f"?framework={model.key}"


def _first() -> Framework:
    """The first framework that is a map."""
    for model in catalogue.currents().values():
        if model.tools:
            return model
    raise Http404


def _mapped(request: HttpRequest) -> Framework:
    """The framework of the address; one that is no map has no such page."""
    model = framework(request)
    if not model.tools:
        raise Http404
    return model
