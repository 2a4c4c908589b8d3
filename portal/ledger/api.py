"""The records, for programs."""

from __future__ import annotations

from datetime import UTC, datetime

import django_filters
from django.core.exceptions import ValidationError
from django.forms import DateTimeField
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.response import Response

from portal.ledger.models import Checkpoint, Event
from portal.ledger.proofs import bundle, consistency_proof
from portal.ledger.signing import newest
from portal.web.errors import Invalid, Missing


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


def in_calendar(at: datetime) -> None:
    """Databases keep UTC: the first hours of the year 1 have no date there."""
    try:
        at.astimezone(UTC)
    except OverflowError:
        raise ValidationError(DateTimeField.default_error_messages["invalid"], code="invalid") from None


class EventFilter(django_filters.FilterSet):
    after = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", validators=[in_calendar])
    before = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", validators=[in_calendar])

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


class CheckpointSerializer(serializers.ModelSerializer):
    consistency = serializers.SerializerMethodField(help_text="From the size of ?pinned= on: nodes, as RFC 6962 says.")

    class Meta:
        model = Checkpoint
        fields = ["epoch", "size", "root", "at", "note", "consistency"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField(), allow_null=True))
    def get_consistency(self, checkpoint: Checkpoint) -> list[str] | None:
        pinned = self.context.get("pinned")
        return None if pinned is None else consistency_proof(checkpoint, pinned)


class CheckpointList(ListAPIView):
    """Signed checkpoints of the whole log, newest first. Keep one of them: it shows later that nothing was changed."""

    serializer_class = CheckpointSerializer
    queryset = Checkpoint.objects.none()

    def get_queryset(self):
        return Checkpoint.objects.for_user(self.request.user).order_by("-id")


PINNED = OpenApiParameter("pinned", int, description="The size of a checkpoint that you kept.")


def _pinned(request) -> int | None:
    text = request.query_params.get("pinned", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("ledger.pinned_number")
    return int(text) if text else None


class CheckpointLatest(GenericAPIView):
    """The newest checkpoint."""

    serializer_class = CheckpointSerializer
    queryset = Checkpoint.objects.none()

    @extend_schema(parameters=[PINNED])
    def get(self, request) -> Response:
        checkpoint = newest()
        if checkpoint is None:
            raise Missing("ledger.unsigned")
        return Response(CheckpointSerializer(checkpoint, context={"pinned": _pinned(request)}).data)


class ProvenEntrySerializer(serializers.Serializer):
    entry = serializers.CharField(help_text="The canonical JSON that is hashed.")
    index = serializers.IntegerField(help_text="Its number, less one.")
    inclusion = serializers.ListField(child=serializers.CharField(), help_text="Its path, as RFC 6962 says.")


class ConsistencySerializer(serializers.Serializer):
    proof = serializers.ListField(child=serializers.CharField())

    def get_fields(self):
        return {"from": serializers.IntegerField(), **super().get_fields()}


class ProofSerializer(serializers.Serializer):
    form = serializers.CharField()
    checkpoint = serializers.CharField(help_text="The signed note.")
    entries = ProvenEntrySerializer(many=True)
    consistency = ConsistencySerializer(required=False)


class EventProof(GenericAPIView):
    """The proof that an event stands in the log: a file that sekisho_verify.py checks on any machine."""

    serializer_class = ProofSerializer
    lookup_field = "uuid"
    queryset = Event.objects.none()
    filter_backends = []

    def get_queryset(self):
        return Event.objects.for_user(self.request.user)

    @extend_schema(parameters=[PINNED])
    def get(self, request, uuid) -> Response:
        return Response(bundle([self.get_object()], pinned=_pinned(request)))


urls = [
    path("events/", EventList.as_view(), name="api-events"),
    path("events/<uuid:uuid>/", EventDetail.as_view(), name="api-event"),
    path("events/<uuid:uuid>/proof/", EventProof.as_view(), name="api-event-proof"),
    path("checkpoints/", CheckpointList.as_view(), name="api-checkpoints"),
    path("checkpoints/latest/", CheckpointLatest.as_view(), name="api-checkpoint-latest"),
]
