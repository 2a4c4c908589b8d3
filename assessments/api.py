"""Maturity for programs: frameworks, assessments, and the levels of teams."""

from __future__ import annotations

from typing import Any

import django_filters
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments import actions, api_levels, api_review, api_roadmap, catalogue
from assessments.api_asked import Scoped, framework_or_404
from assessments.api_frameworks import FrameworkText, FrameworkUpgrade
from assessments.framework import Framework, Text
from assessments.models import Answer, AnswerValue, Assessment, AssessmentState
from portal.web.bodies import Body

# -- Frameworks ------------------------------------------------------------------------------------


class FrameworkSerializer(serializers.Serializer):
    key = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()
    kind = serializers.ChoiceField(choices=["levelled", "checklist"])
    title = serializers.DictField(child=serializers.CharField())
    criteria = serializers.IntegerField()
    required = serializers.IntegerField()


class CriterionSerializer(serializers.Serializer):
    id = serializers.CharField()
    dimension = serializers.CharField()
    level = serializers.IntegerField()
    required = serializers.BooleanField()
    practice = serializers.CharField()
    effort = serializers.IntegerField()
    na_allowed = serializers.BooleanField()
    title = serializers.DictField(child=serializers.CharField())
    statement = serializers.DictField(child=serializers.CharField())
    how = serializers.DictField(child=serializers.CharField())
    prerequisites = serializers.ListField(child=serializers.CharField())


class FrameworkDetailSerializer(FrameworkSerializer):
    levels = serializers.ListField(child=serializers.DictField())
    dimensions = serializers.ListField(child=serializers.DictField())
    criteria = CriterionSerializer(many=True)


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "ja": text.ja}


def _framework(framework: Framework) -> dict[str, Any]:
    return {
        "key": framework.key,
        "version": framework.version,
        "digest": framework.digest,
        "kind": framework.kind,
        "title": _both(framework.title),
        "criteria": len(framework.criteria),
        "required": sum(criterion.required for criterion in framework.criteria),
    }


class FrameworkList(APIView):
    """The frameworks that teams can be assessed against."""

    @extend_schema(responses=FrameworkSerializer(many=True), operation_id="frameworks")
    def get(self, request):
        return Response([_framework(framework) for framework in catalogue.currents().values()])


class FrameworkDetail(APIView):
    """One framework with its criteria, in both languages."""

    @extend_schema(responses=FrameworkDetailSerializer, operation_id="framework")
    def get(self, request, key: str):
        framework = framework_or_404(key)
        body = _framework(framework) | {
            "levels": [{"number": level.number, "title": _both(level.title)} for level in framework.levels],
            "dimensions": [{"key": part.key, "title": _both(part.title)} for part in framework.dimensions],
            "criteria": [
                {
                    "id": criterion.id,
                    "dimension": criterion.dimension,
                    "level": criterion.level,
                    "required": criterion.required,
                    "practice": criterion.practice,
                    "effort": criterion.effort,
                    "na_allowed": criterion.na_allowed,
                    "title": _both(criterion.title),
                    "statement": _both(criterion.statement),
                    "how": _both(criterion.how),
                    "prerequisites": list(criterion.prerequisites),
                }
                for criterion in framework.criteria
            ],
        }
        return Response(body)


# -- Assessments -----------------------------------------------------------------------------------


class AnswerSerializer(serializers.ModelSerializer):
    answer = serializers.ChoiceField(source="value", choices=AnswerValue.choices, allow_blank=True)
    note = serializers.SerializerMethodField(help_text="Shown to the team, and to roles that see every team.")

    class Meta:
        model = Answer
        fields = ["criterion", "practice", "answer", "note", "rev", "carried", "answered_at"]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_note(self, answer: Answer) -> str | None:
        user = self.context["request"].user
        return answer.note if user.sees_everything or answer.assessment.team_id in user.team_ids else None


class AssessmentSerializer(serializers.ModelSerializer):
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Assessment
        fields = [
            "id",
            "team",
            "framework",
            "framework_version",
            "framework_digest",
            "state",
            "started_at",
            "submitted_at",
            "score",
        ]
        read_only_fields = fields


class AssessmentDetailSerializer(AssessmentSerializer):
    answers = AnswerSerializer(many=True, read_only=True)

    class Meta(AssessmentSerializer.Meta):
        fields = [*AssessmentSerializer.Meta.fields, "answers"]
        read_only_fields = fields


class AssessmentFilter(django_filters.FilterSet):
    team = django_filters.CharFilter(field_name="team__slug")
    state = django_filters.ChoiceFilter(choices=AssessmentState.choices)

    class Meta:
        model = Assessment
        fields = ["team", "state", "framework"]


class AssessmentList(Scoped, ListAPIView):
    """The assessments you may see, newest first."""

    serializer_class = AssessmentSerializer
    filterset_class = AssessmentFilter
    queryset = Assessment.objects.none()


class AssessmentDetail(Scoped, RetrieveAPIView):
    """One assessment with its answers."""

    serializer_class = AssessmentDetailSerializer
    queryset = Assessment.objects.none()

    def get_queryset(self):
        return super().get_queryset().prefetch_related("answers__assessment")


class GivenAnswerSerializer(Body):
    answer = serializers.ChoiceField(choices=AnswerValue.choices, allow_blank=True, help_text='"" is "not known yet".')
    note = serializers.CharField(allow_blank=True, default="", trim_whitespace=False)
    rev = serializers.IntegerField(min_value=0, help_text="The revision that you read; another is a conflict (409).")


class AssessmentAnswer(APIView):
    """Answer one criterion of an assessment in progress."""

    @extend_schema(request=GivenAnswerSerializer, responses=AnswerSerializer, operation_id="assessment_answer")
    def put(self, request, pk: int, criterion: str):
        assessment = get_object_or_404(Assessment.objects.for_user(request.user).select_related("team"), pk=pk)
        given = GivenAnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        saved = actions.save_answer(
            assessment=assessment,
            criterion=criterion,
            value=given.validated_data["answer"],
            note=given.validated_data["note"],
            rev=given.validated_data["rev"],
            by=request.user,
        )
        return Response(AnswerSerializer(saved, context={"request": request}).data)


urls = [
    *api_levels.urls,
    *api_review.urls,
    *api_roadmap.urls,
    path("frameworks/", FrameworkList.as_view(), name="api-frameworks"),
    path("frameworks/<str:key>/", FrameworkDetail.as_view(), name="api-framework"),
    path("frameworks/<str:key>/yaml/", FrameworkText.as_view(), name="api-framework-yaml"),
    path("frameworks/<str:key>/upgrade/", FrameworkUpgrade.as_view(), name="api-framework-upgrade"),
    path("assessments/", AssessmentList.as_view(), name="api-assessments"),
    path("assessments/<int:pk>/", AssessmentDetail.as_view(), name="api-assessment"),
    path("assessments/<int:pk>/answers/<str:criterion>/", AssessmentAnswer.as_view(), name="api-assessment-answer"),
]
