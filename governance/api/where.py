"""How callers name a version, and where it shall go."""

from __future__ import annotations

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
