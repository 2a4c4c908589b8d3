"""Where teams stand, for programs: levels with their reasons, contradictions, and the position they follow from."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments import explanation, levels, plans, positions, standings
from assessments.api_asked import FRAMEWORK_PARAMETER, Scoped, team_and_framework
from assessments.api_roadmap import StepSerializer, step_json
from assessments.models import Contradiction, ContradictionState
from assessments.position import holds_until
from assessments.scoring import KINDS
from portal.web.say import say


class TeamLevelsSerializer(serializers.Serializer):
    team = serializers.CharField()
    framework = serializers.CharField()
    framework_version = serializers.IntegerField()
    framework_digest = serializers.CharField()
    assessed = serializers.BooleanField(help_text="False while the team claims nothing in this framework.")
    assessment = serializers.IntegerField(allow_null=True)
    official = serializers.IntegerField(help_text="The overall official level: what counts.")
    since = serializers.DateTimeField(allow_null=True, help_text="When the official level became what it is.")
    until = serializers.DateTimeField(allow_null=True, help_text="When it falls if nothing is renewed.")
    score = serializers.DictField(help_text="Overall and by dimension: the four levels, ranges, what blocks each.")
    why = serializers.DictField(help_text='By kind and dimension ("" is the whole): sentences.')
    targets = serializers.DictField(help_text='By dimension ("" is the whole): the level that is enough.')
    contradictions = serializers.ListField(child=serializers.IntegerField(), help_text="Those that are open.")
    roadmap = StepSerializer(many=True)


class TeamLevels(APIView):
    """A team's levels now, why they are so, until when, and the steps to the next."""

    @extend_schema(responses=TeamLevelsSerializer, operation_id="team_levels", parameters=[FRAMEWORK_PARAMETER])
    def get(self, request, slug: str):
        team, framework = team_and_framework(request, slug)
        now = levels.current(team, framework)
        standing = standings.of([team], [framework])[team.pk, framework.key]
        lapse = holds_until(now.judged)
        disputes = [row.pk for row in now.contradictions.values() if row.state == ContradictionState.OPEN]
        return Response(
            {
                "team": team.slug,
                "framework": framework.key,
                "framework_version": framework.version,
                "framework_digest": framework.digest,
                "assessed": now.assessed,
                "assessment": now.assessment.pk if now.assessment else None,
                "official": now.score.overall.official,
                "since": standing.since,
                "until": lapse.at if lapse else None,
                "score": levels.to_json(now.score),
                "why": _why(now),
                "targets": {key: aim.level for key, aim in now.aims.items()},
                "contradictions": disputes,
                "roadmap": [step_json(step) for step in plans.way(now, plans.targets_of(now)).steps],
            }
        )


def _why(now: levels.Current) -> dict[str, dict[str, list[str]]]:
    keys = ("", *(dimension.key for dimension in now.framework.dimensions))
    return {
        kind: {key: [say(sentence) for sentence in explanation.explain(now.judged, kind, key)] for key in keys}
        for kind in KINDS
    }


class TeamPosition(APIView):
    """All that a team's levels follow from, as `manage.py level` reads it. Notes go to the team alone."""

    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="team_position", parameters=[FRAMEWORK_PARAMETER])
    def get(self, request, slug: str):
        team, framework = team_and_framework(request, slug)
        return Response(positions.of(team, framework, with_words=request.user.is_insider(team)))


class ContradictionSerializer(serializers.ModelSerializer):
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    owner = serializers.EmailField(source="owner.email", allow_null=True, default=None)
    because = serializers.SerializerMethodField(help_text="What evidence said when it was opened.")
    reason = serializers.SerializerMethodField(
        help_text="Why the evidence is mistaken; for the team and its reviewers."
    )

    class Meta:
        model = Contradiction
        fields = [
            "id",
            "team",
            "framework",
            "criterion",
            "practice",
            "state",
            "because",
            "owner",
            "due",
            "opened_at",
            "resolution",
            "reason",
            "resolved_at",
            "accepted_until",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_because(self, row: Contradiction) -> str:
        return say(row.because)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_reason(self, row: Contradiction) -> Any:
        return row.reason if self.context["request"].user.is_insider(row.team) else None


class ContradictionFilter(django_filters.FilterSet):
    team = django_filters.CharFilter(field_name="team__slug")
    state = django_filters.ChoiceFilter(choices=ContradictionState.choices)

    class Meta:
        model = Contradiction
        fields = ["team", "state", "framework"]


class ContradictionList(Scoped, ListAPIView):
    """Claims that evidence denies, of the teams that you may see."""

    serializer_class = ContradictionSerializer
    filterset_class = ContradictionFilter
    queryset = Contradiction.objects.none()
    related = ("team", "owner")


class ContradictionDetail(Scoped, RetrieveAPIView):
    """One contradiction."""

    serializer_class = ContradictionSerializer
    queryset = Contradiction.objects.none()
    related = ("team", "owner")


urls = [
    path("teams/<str:slug>/levels/", TeamLevels.as_view(), name="api-team-levels"),
    path("teams/<str:slug>/position/", TeamPosition.as_view(), name="api-team-position"),
    path("contradictions/", ContradictionList.as_view(), name="api-contradictions"),
    path("contradictions/<int:pk>/", ContradictionDetail.as_view(), name="api-contradiction"),
]
