"""The API of findings: reading. People settle them, signed in."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from governance.models import Finding
from portal.web.say import say


class FindingSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="registry.slug", default=None)
    model = serializers.CharField(source="model.name", default=None)
    version = serializers.IntegerField(source="version.number", default=None)
    team = serializers.CharField(source="model.team.slug", default=None)
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = Finding
        fields = (
            "id", "kind", "severity", "state", "sentence", "registry", "model", "version", "team", "environment",
            "promotion", "placement", "detail", "due", "opened_at", "resolution", "resolved_at",
        )  # fmt: skip

    def get_sentence(self, finding: Finding) -> str:
        return say(finding.title)


class FindingFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="model__name", strip=False)
    registry = filters.CharFilter(field_name="registry__slug")
    team = filters.CharFilter(field_name="model__team__slug")

    class Meta:
        model = Finding
        fields = ("state", "severity", "kind", "environment")


class FindingList(generics.ListAPIView):
    """Findings, newest first."""

    serializer_class = FindingSerializer
    filterset_class = FindingFilter
    queryset = Finding.objects.none()

    def get_queryset(self):
        return Finding.objects.for_user(self.request.user).select_related("registry", "model__team", "version")


class FindingDetail(generics.RetrieveAPIView):
    """One finding."""

    serializer_class = FindingSerializer
    queryset = Finding.objects.none()

    def get_queryset(self):
        return Finding.objects.for_user(self.request.user).select_related("registry", "model__team", "version")


urls = [
    path("findings/", FindingList.as_view(), name="api-findings"),
    path("findings/<int:pk>/", FindingDetail.as_view(), name="api-finding"),
]
