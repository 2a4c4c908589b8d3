"""What the API's views of maturity share: the team and the framework that are asked for, and rows in scope."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from assessments import catalogue
from assessments.catalogue import FRAMEWORK
from assessments.framework import Framework
from portal.accounts.models import Team

FRAMEWORK_PARAMETER = OpenApiParameter("framework", OpenApiTypes.STR, description="The key of a framework in use.")


class Scoped:
    """Rows of ``queryset``'s model that the reader may see, read together with what they refer to."""

    related: tuple[str, ...] = ("team",)

    def get_queryset(self):
        return self.queryset.model.objects.for_user(self.request.user).select_related(*self.related)


def team_and_framework(request, slug: str) -> tuple[Team, Framework]:
    """The team of the address, and the framework that the query names."""
    team = get_object_or_404(Team.objects.for_user(request.user), slug=slug)
    return team, framework_or_404(request.query_params.get("framework", FRAMEWORK))


def framework_or_404(key: str) -> Framework:
    """The version in use."""
    try:
        return catalogue.current(key.replace("\x00", ""))
    except KeyError:
        raise Http404 from None
