"""The records, for programs."""

from __future__ import annotations

import django_filters
from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView

from portal.ledger.models import Event


class EventSerializer(serializers.ModelSerializer):
    entry = serializers.CharField(source="body", read_only=True, help_text="The canonical JSON that is hashed.")
    texts = serializers.SerializerMethodField(help_text="Free texts by name; null once erased.")

    class Meta:
        model = Event
        fields = [
            "uuid",
            "seq",
            "at",
            "actor",
            "action",
            "subject_type",
            "subject_id",
            "subject_label",
            "entry",
            "leaf_hash",
            "texts",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.CharField(allow_null=True)))
    def get_texts(self, event: Event) -> dict[str, str | None]:
        return {text.name: text.text if text.salt else None for text in event.texts.all()}


class EventFilter(django_filters.FilterSet):
    after = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = Event
        fields = ["action", "subject_type", "subject_id", "actor"]


class EventList(ListAPIView):
    """What was done, newest first: all that you may see. A number is given within seconds of the event."""

    serializer_class = EventSerializer
    filterset_class = EventFilter
    queryset = Event.objects.none()

    def get_queryset(self):
        return Event.objects.for_user(self.request.user).prefetch_related("texts")


class EventDetail(RetrieveAPIView):
    """One event."""

    serializer_class = EventSerializer
    lookup_field = "uuid"
    queryset = Event.objects.none()
    get_queryset = EventList.get_queryset


urls = [
    path("events/", EventList.as_view(), name="api-events"),
    path("events/<uuid:uuid>/", EventDetail.as_view(), name="api-event"),
]
