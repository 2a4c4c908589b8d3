"""How callers name a version, where it shall go, and what they look for by its names."""

from __future__ import annotations

from django_filters import rest_framework as filters
from rest_framework import serializers

from governance.models import ModelVersion
from portal.web.bodies import Body
from portal.web.errors import Missing

MOST = 2**31 - 1  # a version's number, as databases keep it


class Where(Body):
    """A version in a registry."""

    registry = serializers.CharField(help_text="The connection's slug")
    model = serializers.CharField(help_text="The registered model's name", trim_whitespace=False)
    version = serializers.IntegerField(min_value=1, max_value=MOST)

    def find(self, user) -> ModelVersion:
        data = self.validated_data
        seen = ModelVersion.objects.for_user(user).select_related("model__team", "model__registry", "model__profile")
        named = {"model__registry__slug": data["registry"], "model__name": data["model"], "number": data["version"]}
        version = seen.filter(**named).first()
        if version is None:
            raise Missing("api.no_version", **{name: data[name] for name in ("registry", "model", "version")})
        return version


class WhereTo(Where):
    environment = serializers.CharField()


class OfVersion(filters.FilterSet):
    """What is of a version, by the version's names."""

    model = filters.CharFilter(field_name="version__model__name", strip=False)
    registry = filters.CharFilter(field_name="version__model__registry__slug")
    version = filters.NumberFilter(field_name="version__number")
