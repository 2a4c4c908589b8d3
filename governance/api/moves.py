"""The API of moves: what is on its way, what it waits for, and how each one ended."""

from __future__ import annotations

from django.db.models.functions import Coalesce
from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from governance.api.where import MOST
from governance.models import Move
from portal.web.say import say

WHOLE = ("model__registry", "target_model__registry", "promotion", "restores")


class MoveFilter(filters.FilterSet):
    registry = filters.CharFilter(field_name="model__registry__slug", help_text="The connection's slug")
    model = filters.CharFilter(field_name="model__name", strip=False)
    environment = filters.CharFilter()
    # As a choice it would tell which promotions of others exist.
    promotion = filters.NumberFilter(field_name="promotion_id", max_value=MOST)

    class Meta:
        model = Move
        fields = ("state", "kind")


class MoveSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="model.registry.slug")
    model = serializers.CharField(source="model.name")
    version = serializers.IntegerField(source="number")
    environment = serializers.CharField()
    copy = serializers.SerializerMethodField(help_text="The copy, where the environment is a model of its own")
    why = serializers.SerializerMethodField(help_text="What it waits for, or was made for")
    error = serializers.SerializerMethodField(help_text="What its last try met")

    class Meta:
        model = Move
        fields = (
            "id", "kind", "registry", "model", "version", "environment", "alias", "state", "replaced", "copy",
            "promotion", "why", "error", "not_before", "created_at", "done_at",
        )  # fmt: skip

    def get_copy(self, move: Move) -> dict | None:
        if move.target_model is None:
            return None
        there = move.target_model
        return {"registry": there.registry.slug, "model": there.name, "version": move.target_number}

    def get_why(self, move: Move) -> str | None:
        return say(move.why) or None

    def get_error(self, move: Move) -> str | None:
        return say(move.error) or None


class MoveList(generics.ListAPIView):
    """Moves, newest first."""

    serializer_class = MoveSerializer
    filterset_class = MoveFilter
    queryset = Move.objects.none()

    def get_queryset(self):
        into = Coalesce("promotion__environment", "restores__environment")
        return Move.objects.for_user(self.request.user).annotate(environment=into).select_related(*WHOLE)


urls = [path("moves/", MoveList.as_view(), name="api-moves")]
