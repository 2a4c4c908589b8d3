"""URLs of the page of all pieces."""

from django.http import HttpResponse
from django.urls import include, path

from tests.portal.look.page import look, save


def blank(request, **kwargs):
    return HttpResponse("")


NAMES = ("home", "teams", "models", "promotions", "records", "connections", "jobs", "people", "profile", "docs")

urlpatterns = [
    path("look", look, name="team"),
    path("save", save, name="answer-save"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.account.urls")),
    *[path(f"{name}/", blank, name=name) for name in NAMES],
]
