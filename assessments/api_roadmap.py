"""The way up for programs: plans, items and shared investments, to be read."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments import plans
from assessments.api_asked import FRAMEWORK_PARAMETER, Scoped, team_and_framework
from assessments.levels import current
from assessments.models import ItemState, RoadmapItem
from assessments.roadmap import Step, Way, levels_of
from portal.web.say import say

KIND_PARAMETER = OpenApiParameter(
    "kind", OpenApiTypes.STR, enum=list(plans.KINDS), description="Which level is to rise."
)


class StepSerializer(serializers.Serializer):
    criterion = serializers.CharField()
    dimension = serializers.CharField()
    from_level = serializers.IntegerField()
    to_level = serializers.IntegerField()
    effort = serializers.IntegerField(help_text="1 to 5, the framework's estimate.")
    days = serializers.IntegerField(help_text="The same in working days; 0 for what has only to be shown.")
    after = serializers.ListField(child=serializers.CharField())
    raises_overall = serializers.BooleanField()
    todo = serializers.ChoiceField(choices=["do", "find-out", "prove"])
    why = serializers.CharField()


class WaySerializer(serializers.Serializer):
    team = serializers.CharField()
    framework = serializers.CharField()
    kind = serializers.CharField()
    reachable = serializers.BooleanField()
    problem = serializers.CharField(allow_null=True)
    lacking = serializers.ListField(child=serializers.CharField())
    levels = serializers.DictField(child=serializers.IntegerField())
    goals = serializers.DictField(child=serializers.IntegerField())
    reaches = serializers.DictField(child=serializers.IntegerField())
    days = serializers.IntegerField(help_text="Of all steps; work that criteria share is counted once.")
    steps = StepSerializer(many=True)


class WhatIfSerializer(serializers.Serializer):
    before = serializers.DictField(child=serializers.IntegerField())
    after = serializers.DictField(child=serializers.IntegerField())
    overall_before = serializers.IntegerField()
    overall_after = serializers.IntegerField()
    met = serializers.ListField(child=serializers.CharField())
    waiting = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    missing = serializers.ListField(child=serializers.CharField())
    days = serializers.IntegerField()


def step_json(step: Step) -> dict[str, Any]:
    """A step as it is sent."""
    names = ("criterion", "dimension", "from_level", "to_level", "effort", "days", "raises_overall", "todo")
    return {name: getattr(step, name) for name in names} | {"after": list(step.after), "why": say(step.why)}


class TeamRoadmap(APIView):
    """The least-effort way of a team to a target: by default the team's own, else the next overall level."""

    @extend_schema(
        parameters=[
            FRAMEWORK_PARAMETER,
            KIND_PARAMETER,
            OpenApiParameter("level", OpenApiTypes.INT, description="One level to reach in every dimension."),
            OpenApiParameter("without", OpenApiTypes.STR, many=True, description="Criteria that are not to be done."),
        ],
        responses=WaySerializer,
        operation_id="team_roadmap",
    )
    def get(self, request, slug: str):
        team, now, kind = _asked(request, slug)
        given = _LevelSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        level = given.validated_data.get("level")
        target = dict.fromkeys(levels_of(now.framework, now.score.standing(kind)), level) if level is not None else None
        without = frozenset(request.query_params.getlist("without"))
        way: Way = plans.way(now, target, kind=kind, without=without)
        return Response(
            {
                "team": team.slug,
                "framework": now.framework.key,
                "kind": kind,
                "reachable": way.reachable,
                "problem": say(way.problem) if way.problem else None,
                "lacking": list(way.lacking),
                "levels": dict(way.levels),
                "goals": dict(way.goals),
                "reaches": dict(way.reaches),
                "days": way.days,
                "steps": [step_json(step) for step in way.steps],
            }
        )


class TeamWhatIf(APIView):
    """The levels of a team afterwards, if it did some criteria."""

    @extend_schema(
        parameters=[
            FRAMEWORK_PARAMETER,
            KIND_PARAMETER,
            OpenApiParameter("do", OpenApiTypes.STR, many=True, description="Ids of criteria."),
        ],
        responses=WhatIfSerializer,
        operation_id="team_what_if",
    )
    def get(self, request, slug: str):
        _team, now, kind = _asked(request, slug)
        done = [key for key in request.query_params.getlist("do") if key in now.framework.by_id]
        found = plans.what_if(now, done, kind=kind)
        return Response(
            {
                "before": dict(found.before),
                "after": dict(found.after),
                "overall_before": found.overall_before,
                "overall_after": found.overall_after,
                "met": list(found.met),
                "waiting": {key: list(names) for key, names in found.waiting.items()},
                "missing": list(found.missing),
                "days": found.days,
            }
        )


class _LevelSerializer(serializers.Serializer):
    level = serializers.IntegerField(required=False, min_value=0, max_value=9)


def _asked(request, slug: str):
    team, framework = team_and_framework(request, slug)
    kind = request.query_params.get("kind")
    return team, current(team, framework), kind if kind in plans.KINDS else plans.LEADING


class ItemSerializer(serializers.ModelSerializer):
    team = serializers.SlugRelatedField("slug", read_only=True)
    owner = serializers.SerializerMethodField(help_text="The name of who does it.")
    closed_because = serializers.SerializerMethodField()
    opened_because = serializers.SerializerMethodField()

    class Meta:
        model = RoadmapItem
        fields = [
            "id",
            "team",
            "framework",
            "criterion",
            "practice",
            "state",
            "owner",
            "due",
            "link",
            "created_at",
            "closed_at",
            "closed_because",
            "opened_because",
        ]
        read_only_fields = fields

    def get_owner(self, item: RoadmapItem) -> str | None:
        return str(item.owner) if item.owner else None

    def get_closed_because(self, item: RoadmapItem) -> str | None:
        return say(item.closed_because) if item.closed_because else None

    def get_opened_because(self, item: RoadmapItem) -> str | None:
        return say(item.opened_because) if item.opened_because else None


class ItemFilter(django_filters.FilterSet):
    team = django_filters.CharFilter(field_name="team__slug")
    state = django_filters.MultipleChoiceFilter(choices=ItemState.choices)
    due_before = django_filters.DateFilter(field_name="due", lookup_expr="lt")

    class Meta:
        model = RoadmapItem
        fields = ["team", "state", "framework", "due_before"]


class ItemList(Scoped, ListAPIView):
    """The items on the roadmaps that you may see."""

    serializer_class = ItemSerializer
    filterset_class = ItemFilter
    queryset = RoadmapItem.objects.none()
    related = ("team", "owner")


class ItemDetail(Scoped, RetrieveAPIView):
    """One item of a roadmap."""

    serializer_class = ItemSerializer
    queryset = RoadmapItem.objects.none()
    related = ("team", "owner")


urls = [
    path("teams/<str:slug>/roadmap/", TeamRoadmap.as_view(), name="api-team-roadmap"),
    path("teams/<str:slug>/what-if/", TeamWhatIf.as_view(), name="api-team-what-if"),
    path("roadmap-items/", ItemList.as_view(), name="api-roadmap-items"),
    path("roadmap-items/<int:pk>/", ItemDetail.as_view(), name="api-roadmap-item"),
]
