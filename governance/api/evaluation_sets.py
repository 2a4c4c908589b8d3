"""The API of evaluation sets."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from governance.models import EvaluationSet


class EvaluationSetSerializer(serializers.ModelSerializer):
    """Facts of a set: never its rows, nor counts of its values."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    state = serializers.CharField(read_only=True)
    models = serializers.SerializerMethodField()

    class Meta:
        model = EvaluationSet
        fields = (
            "id", "team", "name", "source", "place", "state", "digest", "size", "rows", "columns", "consent",
            "retention", "keep_until", "shared", "models", "created_at", "pinned_at", "ended_at", "rev",
        )  # fmt: skip

    def get_models(self, one: EvaluationSet) -> list[dict[str, str]]:
        """The models judged on it that the caller may see, each with the role of the set."""
        return [{"model": use.model.name, "role": use.role} for use in one.seen_uses]


class EvaluationSetFilter(filters.FilterSet):
    team = filters.CharFilter(field_name="team__slug")

    class Meta:
        model = EvaluationSet
        fields = ("source", "name", "digest")


class EvaluationSetList(generics.ListAPIView):
    """The evaluation sets that the caller may know of."""

    serializer_class = EvaluationSetSerializer
    filterset_class = EvaluationSetFilter
    queryset = EvaluationSet.objects.none()

    def get_queryset(self):
        return EvaluationSet.objects.for_user(self.request.user).with_uses_for(self.request.user)


class EvaluationSetDetail(generics.RetrieveAPIView):
    """One evaluation set."""

    serializer_class = EvaluationSetSerializer
    queryset = EvaluationSet.objects.none()

    def get_queryset(self):
        return EvaluationSet.objects.for_user(self.request.user).with_uses_for(self.request.user)


urls = [
    path("evaluation-sets/", EvaluationSetList.as_view(), name="api-evaluation-sets"),
    path("evaluation-sets/<int:pk>/", EvaluationSetDetail.as_view(), name="api-evaluation-set"),
]
