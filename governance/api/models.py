"""The API of models and their versions."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.response import Response

from governance.actions.registering import register_version
from governance.api.where import Where
from governance.models import ModelVersion, RegisteredModel
from portal.web.errors import Missing


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
    name = filters.CharFilter(strip=False)
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = RegisteredModel
        fields = ()


class VersionFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="model__name", strip=False)
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


class NewVersion(Where):
    def find_model(self, user) -> RegisteredModel:
        """The model of a version that may be new; what is not there and what is another team's are told alike."""
        named = {name: self.validated_data[name] for name in ("registry", "model")}
        seen = RegisteredModel.objects.for_user(user).present().select_related("team", "registry")
        seen = seen.filter(registry__slug=named["registry"], registry__enabled=True)
        model = seen.filter(name=named["model"]).first()
        if model is None:
            raise Missing("register.no_model", **named)
        return model


class VersionList(generics.ListAPIView):
    """Versions, newest first; a POST registers one for governance: it is read at once, and audited."""

    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    queryset = ModelVersion.objects.none()

    def get_queryset(self):
        return ModelVersion.objects.for_user(self.request.user).select_related("model__registry")

    @extend_schema(
        request=NewVersion,
        responses={
            202: inline_serializer(
                "Registered",
                {
                    "registry": serializers.CharField(),
                    "model": serializers.CharField(),
                    "version": serializers.IntegerField(),
                    "jobs": serializers.ListField(child=serializers.IntegerField(), help_text="To follow"),
                },
            )
        },
    )
    def post(self, request) -> Response:
        form = NewVersion(data=request.data)
        form.is_valid(raise_exception=True)
        model, number = form.find_model(request.user), form.validated_data["version"]
        jobs = register_version(model=model, number=number, by=request.user)
        named = {"registry": model.registry.slug, "model": model.name, "version": number}
        return Response(named | {"jobs": [job.pk for job in jobs]}, status=202)


urls = [
    path("models/", ModelList.as_view(), name="api-models"),
    path("versions/", VersionList.as_view(), name="api-versions"),
]
