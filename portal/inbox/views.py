"""One's inbox, how it is mailed, and the page behind a mail's link that stops it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Case, CharField, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.inbox import actions
from portal.inbox.forms import ChannelsForm
from portal.inbox.kinds import KINDS
from portal.inbox.mails import kinds_of, read_token
from portal.inbox.models import Channel, Mail, MailState, Notice
from portal.inbox.outbox import calendars_of, mail_is_set, next_digest
from portal.web.acting import act
from portal.web.errors import Missing
from portal.web.lists import Facet, ListPage

STATES = (("unread", gettext_lazy("Unread")), ("read", gettext_lazy("Already read")), ("done", gettext_lazy("Done")))


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """What one was told: unread first, then the newest."""
    rows = Notice.objects.for_user(request.user).annotate(
        state=_by_state({"done": Value("done"), "read": Value("read")}, Value("unread"), CharField()),
        place=_by_state({"done": Value(2), "read": Value(1)}, Value(0), IntegerField()),
    )
    page = ListPage(
        request,
        rows.select_related("team"),
        search=("subject_label", "team__name"),
        facets=[
            Facet("state", _("State"), choices=STATES),
            Facet("kind", _("Kind"), choices=lambda: _titles(request.user)),
        ],
        order=("place", "-created_at"),
    )
    return render(request, "inbox/inbox.html", {"list": page, "mail_is_set": mail_is_set()})


def _by_state(values: dict, default, output) -> Case:
    return Case(
        When(withdrawn_at__isnull=False, then=values["done"]),
        When(read_at__isnull=False, then=values["read"]),
        default=default,
        output_field=output,
    )


def _titles(user) -> list[tuple[str, str]]:
    """The kinds that one was told something of."""
    told = set(Notice.objects.for_user(user).order_by().values_list("kind", flat=True).distinct())
    return [(name, kind.title) for name, kind in KINDS.items() if name in told]


@require_POST
@login_required
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read; a script asks with a header and needs no page back."""
    actions.mark_read(notice=get_object_or_404(Notice.objects.for_user(request.user), pk=pk), by=request.user)
    return HttpResponse(status=204) if request.headers.get("X-Read") else _back(request)


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    count = actions.mark_all_read(by=request.user, kind=request.POST.get("kind", "").replace("\x00", ""))
    messages.success(request, _("Marked as read: %(n)s.") % {"n": count})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the view of the list that one came from."""
    target = request.POST.get("next", "")
    here = target.startswith("/") and url_has_allowed_host_and_scheme(target, None)
    return redirect(target if here else "inbox")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def notifications(request: HttpRequest) -> HttpResponse:
    """How each kind is mailed."""
    user = request.user
    form = ChannelsForm(request.POST or None, user=user, initial=actions.channels_for(user))
    if request.method == "POST" and form.is_valid():
        done, _result = act(form, actions.choose_mail, user=user, by=user, channels=form.cleaned_data)
        if done:
            messages.success(request, _("Your choices are saved."))
            return redirect("notifications")
    calendar = calendars_of([user])[user.pk]
    context = {
        "form": form,
        "channels": Channel.labels,
        "mail_is_set": mail_is_set(),
        "next_digest": next_digest(user, timezone.now(), calendar),
        "calendar": calendar,
        "failed": Mail.objects.for_user(user).filter(state=MailState.FAILED).order_by("-ended_at").first(),
        "setting": "SEKISHO_SMTP_HOST",
    }
    return render(request, "inbox/notifications.html", context, status=422 if form.errors else 200)


@csrf_exempt  # the signed link is the permission; mail programs post to it by themselves (RFC 8058)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop what the link of a mail names: asked by GET, done by POST."""
    mail = read_token(token)
    if mail is None:
        raise Missing("inbox.link_invalid")
    user, kinds = mail.user, kinds_of(mail)
    with translation.override(user.language):
        request.LANGUAGE_CODE = user.language
        if request.method == "POST":
            actions.stop_mail(user=user, kinds=kinds)
        titles = [KINDS[name].title for name in kinds or () if name in KINDS]
        context = {"kinds": titles, "digest": kinds is None, "done": request.method == "POST", "email": user.email}
        response = render(request, "inbox/unsubscribe.html", context)
    response.headers["Content-Language"] = user.language
    return response
