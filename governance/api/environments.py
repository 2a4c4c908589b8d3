"""The API of environments: which there are, after what, and where each lies."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Place, Registry
from governance.verdict import environments


class PlaceSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="registry.slug")
    target = serializers.CharField(source="target.slug", default=None, help_text="The other registry, if it lies there")

    class Meta:
        model = Place
        fields = ("registry", "kind", "alias", "name_pattern", "target")


class EnvironmentSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.DictField()
    alias = serializers.CharField(help_text="Of the policy; a place may have another")
    after = serializers.CharField(allow_null=True)
    places = PlaceSerializer(many=True, help_text="Registries in which it lies elsewhere")


class EnvironmentList(APIView):
    """The environments that policies name, in their order."""

    @extend_schema(responses=EnvironmentSerializer(many=True))
    def get(self, request) -> Response:
        places: dict[str, list[Place]] = {}
        seen = Registry.objects.for_user(request.user)
        rows = Place.objects.for_user(request.user).filter(registry__in=seen)
        for place in rows.select_related("registry", "target"):
            places.setdefault(place.environment, []).append(place)
        found = [
            {
                "key": key,
                "title": {"en": environment.title.en, "ja": environment.title.ja},
                "alias": environment.alias,
                "after": environment.after,
                "places": places.get(key, []),
            }
            for key, environment in environments().items()
        ]
        return Response(EnvironmentSerializer(found, many=True).data)


urls = [path("environments/", EnvironmentList.as_view(), name="api-environments")]
