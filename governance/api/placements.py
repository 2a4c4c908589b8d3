"""The API of places: what stands and stood where, by whose approval, on which data."""

from __future__ import annotations

from django.urls import path
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers

from governance.models import Placement
from governance.placements import Place, day, described, in_calendar, within
from portal.message import Message
from portal.web.errors import Invalid

WHOLE = ("version", "model__registry", "copy__model__registry", "promotion__requested_by")


class PlacementFilter(filters.FilterSet):
    registry = filters.CharFilter(field_name="model__registry__slug", help_text="The connection's slug")
    model = filters.CharFilter(field_name="model__name", strip=False)
    version = filters.NumberFilter(field_name="version__number")

    class Meta:
        model = Placement
        fields = ("environment",)


class PlacementSerializer(serializers.Serializer):
    """One place, as `governance.placements.Place` holds it."""

    registry = serializers.CharField(source="placement.model.registry.slug")
    model = serializers.CharField(source="placement.model.name")
    version = serializers.IntegerField(source="placement.version.number")
    environment = serializers.CharField(source="placement.environment")
    kind = serializers.CharField(source="promotion.kind")
    since = serializers.DateTimeField(source="placement.since")
    until = serializers.DateTimeField(source="placement.until")
    promotion = serializers.IntegerField(source="placement.promotion_id")
    emergency = serializers.SerializerMethodField(help_text="Whether it was let through past the gates")
    copy = serializers.SerializerMethodField(help_text="The copy, where the environment is a model of its own")
    requested_by = serializers.SerializerMethodField()
    approved_by = serializers.SerializerMethodField(
        help_text="Each decision with its number in the ledger; without a person where the policy asks nobody"
    )
    decision_number = serializers.IntegerField(source="placement.seq", help_text="The last decision's number")
    audits = serializers.SerializerMethodField(help_text="Those that the verdict rested on")
    datasets = serializers.SerializerMethodField(help_text="Those that the run names")
    evaluated_on = serializers.ListField(help_text="Digests of the data that the audits read")
    digests = serializers.DictField(source="bound", help_text="What the approvals bind")

    def get_emergency(self, place: Place) -> bool:
        return bool(place.placement.branded)

    def get_copy(self, place: Place) -> dict | None:
        copy = place.placement.copy
        if copy is None:
            return None
        return {"registry": copy.model.registry.slug, "model": copy.model.name, "version": copy.number}

    def get_requested_by(self, place: Place) -> dict | None:
        return _person(place.promotion.requested_by)

    def get_approved_by(self, place: Place) -> list[dict]:
        return [
            {
                "person": _person(one.decision.by),
                "acting_for": _person(one.decision.acting_for),
                "group": one.decision.group,
                "decision": one.decision.decision,
                "at": one.decision.at,
                "event": one.decision.event,
                "number": one.number,
            }
            for one in place.approvals
        ]

    def get_audits(self, place: Place) -> list[dict]:
        fields = ("id", "kind", "outcome", "label", "digest", "created_at")
        return [{name: getattr(audit, name) for name in fields} for audit in place.audits]

    def get_datasets(self, place: Place) -> list[dict]:
        return list(place.datasets)


class PlacementList(generics.ListAPIView):
    """What stands and stood where, the last one first.

    With `on`, what stood there then: a moment asks for that moment, a date for all of the day.
    """

    serializer_class = PlacementSerializer
    filterset_class = PlacementFilter
    queryset = Placement.objects.none()

    def get_queryset(self):
        seen = Placement.objects.for_user(self.request.user).select_related(*WHOLE)
        return self._on(seen)

    def _on(self, places):
        text = self.request.query_params.get("on", "")
        if not text:
            return places
        try:
            if (at := parse_datetime(text)) and len(text) > 10:
                at = in_calendar(make_aware(at) if is_naive(at) else at)
                return within(places, at, at)
            if which := parse_date(text):
                return within(places, *day(which))
        except (ValueError, OverflowError):
            pass
        raise Invalid("placements.on", {"on": Message("placements.on")})

    @extend_schema(
        parameters=[OpenApiParameter("on", OpenApiTypes.STR, description="A date or a moment, such as 2026-11-20")]
    )
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)

    def get_serializer(self, rows=None, *args, **kwargs):
        return super().get_serializer(described(rows or ()), *args, **kwargs)


def _person(user) -> dict | None:
    return {"pseudonym": str(user.pseudonym), "name": str(user)} if user else None


urls = [path("placements/", PlacementList.as_view(), name="api-placements")]
