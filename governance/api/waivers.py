"""The API of exceptions to gates. It is read alone: people sign in person."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from governance.models import GateException


class WaiverSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="model.registry.slug")
    model = serializers.CharField(source="model.name")
    version = serializers.IntegerField(source="version.number", default=None, help_text="None for all versions")
    by = serializers.CharField(source="by.name")

    class Meta:
        model = GateException
        fields = (
            "id", "kind", "registry", "model", "version", "environment", "gate", "outcome", "reason", "by", "since",
            "until", "ended_at",
        )  # fmt: skip


class WaiverFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="model__name", strip=False)
    registry = filters.CharFilter(field_name="model__registry__slug")

    class Meta:
        model = GateException
        fields = ("kind", "environment", "gate")


class WaiverList(generics.ListAPIView):
    """Waivers, and decisions on undecided gates, newest first, those that have ended among them."""

    serializer_class = WaiverSerializer
    filterset_class = WaiverFilter
    queryset = GateException.objects.none()

    def get_queryset(self):
        seen = GateException.objects.for_user(self.request.user)
        return seen.select_related("model__registry", "version", "by")


urls = [path("waivers/", WaiverList.as_view(), name="api-waivers")]
