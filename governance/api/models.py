"""The API of models and their versions."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from governance.models import ModelVersion, RegisteredModel


class ModelSerializer(serializers.ModelSerializer):
    registry = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = RegisteredModel
        fields = ("id", "registry", "name", "description", "team", "aliases", "registered_at", "deleted_at")


class VersionSerializer(serializers.ModelSerializer):
    model = serializers.CharField(source="model.name")
    registry = serializers.CharField(source="model.registry.slug")

    class Meta:
        model = ModelVersion
        fields = (
            "id", "registry", "model", "number", "run_id", "status", "author", "artifact_digest", "registered_at",
            "deleted_at",
        )  # fmt: skip


class ModelFilter(filters.FilterSet):
    team = filters.CharFilter(field_name="team__slug")
    registry = filters.CharFilter(field_name="registry__slug")
    name = filters.CharFilter()
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = RegisteredModel
        fields = ()


class VersionFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="model__name")
    registry = filters.CharFilter(field_name="model__registry__slug")

    class Meta:
        model = ModelVersion
        fields = ("number",)


class ModelList(generics.ListAPIView):
    """The models that the caller may see."""

    serializer_class = ModelSerializer
    filterset_class = ModelFilter
    queryset = RegisteredModel.objects.none()

    def get_queryset(self):
        return RegisteredModel.objects.for_user(self.request.user).select_related("registry", "team")


class VersionList(generics.ListAPIView):
    """Versions, newest first."""

    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    queryset = ModelVersion.objects.none()

    def get_queryset(self):
        return ModelVersion.objects.for_user(self.request.user).select_related("model__registry")


urls = [
    path("models/", ModelList.as_view(), name="api-models"),
    path("versions/", VersionList.as_view(), name="api-versions"),
]
