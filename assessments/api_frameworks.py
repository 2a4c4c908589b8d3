"""The API of frameworks: their text, and upgrades."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments import catalogue, upgrades
from assessments.actions import upgrading
from assessments.actions.frameworks import MANAGE
from portal.accounts.permissions import require
from portal.web.bodies import refuse_body
from portal.web.errors import Invalid, Missing
from portal.web.numbers import whole_number

_TO = OpenApiParameter("to", int, description="The version to upgrade to; the newest where it is left out.")


class MoveSerializer(serializers.Serializer):
    """A level of a dimension that the upgrade moves, and the criteria that it moves for."""

    dimension = serializers.CharField()
    kind = serializers.ChoiceField(choices=["official", "claimed"])
    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)
    because = serializers.ListField(child=serializers.DictField())


class TeamUpgradeSerializer(serializers.Serializer):
    """One team: how many answers go along, which are to confirm again, and what is set aside."""

    team = serializers.CharField(help_text="Slug of the team")
    answers = serializers.IntegerField()
    to_confirm = serializers.ListField(child=serializers.CharField())
    set_aside = serializers.ListField(child=serializers.DictField())
    levels = MoveSerializer(many=True)


class UpgradeSerializer(serializers.Serializer):
    """What an upgrade does, or did, to every team that was assessed."""

    framework = serializers.CharField()
    to = serializers.IntegerField()
    drafts = serializers.IntegerField()
    teams = TeamUpgradeSerializer(many=True)


class FrameworkUpgrade(APIView):
    """Try or carry out an upgrade of a framework; for administrators."""

    @extend_schema(responses=UpgradeSerializer, parameters=[_TO], operation_id="framework_upgrade_dry_run")
    def get(self, request, key: str):
        """The dry run: what would become of every team. Nothing is changed."""
        require(request.user, MANAGE)
        return Response(upgrades.as_data(upgrades.dry_run(*upgrades.target(key, _version(request)))))

    @extend_schema(request=None, responses=UpgradeSerializer, parameters=[_TO], operation_id="framework_upgrade")
    def post(self, request, key: str):
        """Carry the upgrade out. No answer is lost: old assessments stay, and their answers go along."""
        refuse_body(request)
        return Response(upgrades.as_data(upgrading.upgrade(key=key, version=_version(request), by=request.user)))


class FrameworkText(APIView):
    """The YAML of the version in use, complete in itself."""

    @extend_schema(responses={(200, "application/yaml"): OpenApiResponse(str)}, operation_id="framework_yaml")
    def get(self, request, key: str):
        try:
            text = catalogue.source(catalogue.current(key))
        except KeyError:
            raise Missing("framework.unknown", key=key) from None
        return HttpResponse(text, content_type="application/yaml; charset=utf-8")


def _version(request) -> int | None:
    asked = request.query_params.get("to", "")
    if not asked:
        return None
    number = whole_number(asked)
    if number is None:
        raise Invalid("framework.version_number")
    return number
