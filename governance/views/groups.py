"""Groups of approvers, and the deputies that people have named."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from governance.actions import deputies as deputy_actions
from governance.actions import groups as group_actions
from governance.approval_forms import DeputyForm, GroupForm, MemberForm
from governance.models import ApproverGroup, Deputy, GroupMember
from portal.accounts.permissions import require
from portal.web.acting import act
from portal.web.lists import ListPage


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def group_list(request: HttpRequest) -> HttpResponse:
    """Who may approve? For administrators: a new group."""
    form = GroupForm(request.POST or None, user=request.user)
    if request.method == "POST":
        require(request.user, "group.manage")
        if form.is_valid():
            done, _made = act(form, group_actions.make_group, by=request.user, **form.cleaned_data)
            if done:
                messages.success(request, _("The group is made. Policies name it by its key."))
                return redirect("groups")
    return _groups(request, form, MemberForm(user=request.user))


@login_required
@require_POST
def group_member_add(request: HttpRequest) -> HttpResponse:
    """One more member."""
    require(request.user, "group.manage")
    form = MemberForm(request.POST, user=request.user)
    if form.is_valid():
        done, _made = act(form, group_actions.add_member, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Added. The person may approve from now on."))
            return redirect("groups")
    return _groups(request, GroupForm(user=request.user), form)


@login_required
@require_POST
def group_member_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """End a membership."""
    seen = GroupMember.objects.for_user(request.user).select_related("group__team", "user")
    group_actions.remove_member(member=get_object_or_404(seen, pk=pk), by=request.user)
    messages.success(request, _("Removed. What the person approved for the group lapses."))
    return redirect("groups")


def _groups(request: HttpRequest, form: GroupForm, member: MemberForm) -> HttpResponse:
    members = GroupMember.objects.at(timezone.now()).select_related("user").order_by("user__name")
    seen = ApproverGroup.objects.for_user(request.user).select_related("team")
    seen = seen.prefetch_related(Prefetch("memberships", members, to_attr="present"))
    page = ListPage(request, seen, search=("key", "name_en", "name_ja"), order="key")
    context = {
        "list": page,
        "may": request.user.has_perm("group.manage"),
        "form": form,
        "member": member if ApproverGroup.objects.for_user(request.user).exists() else None,
    }
    wrong = form.errors or member.errors
    return render(request, "governance/groups.html", context, status=422 if wrong else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deputy_list(request: HttpRequest) -> HttpResponse:
    """Who stands in for whom, and until when? Name somebody in your own place."""
    form = DeputyForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        done, _made = act(form, deputy_actions.name_deputy, by=request.user, **form.cleaned_data)
        if done:
            messages.success(request, _("Named. The deputy may approve in your place until then."))
            return redirect("deputies")
    seen = Deputy.objects.for_user(request.user).select_related("principal", "deputy", "group")
    page = ListPage(request, seen, search=("principal__name", "deputy__name", "reason"), order="-until")
    rows = [(row, _stands(row), _may_end(row, request.user)) for row in page.rows]
    context = {"list": page, "rows": rows, "form": form}
    return render(request, "governance/deputies.html", context, status=422 if form.errors else 200)


def _stands(row: Deputy) -> bool:
    return row.ended_at is None and row.since <= timezone.now() < row.until


def _may_end(row: Deputy, user) -> bool:
    return row.ended_at is None and row.until > timezone.now() and user.pk in (row.principal_id, row.deputy_id)


@login_required
@require_POST
def deputy_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End it before its time."""
    seen = Deputy.objects.for_user(request.user).select_related("principal", "deputy")
    deputy_actions.end_deputy(deputy=get_object_or_404(seen, pk=pk), by=request.user)
    messages.success(request, _("Ended. What the deputy approved in that place lapses."))
    return redirect("deputies")
