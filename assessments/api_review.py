"""Reviews for programs: what was found of each answer, giving a verdict, signing."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments.actions import review as actions
from assessments.models import Assessment, CriterionReview, ReviewVerdict
from portal.web.bodies import Body


class ReviewSerializer(serializers.ModelSerializer):
    note = serializers.SerializerMethodField(help_text="Shown to the team, and to roles that see every team.")

    class Meta:
        model = CriterionReview
        fields = ["criterion", "practice", "verdict", "note", "rev", "answer_rev", "at", "until"]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_note(self, review: CriterionReview) -> str | None:
        user = self.context["request"].user
        return review.note if user.sees_everything or review.assessment.team_id in user.team_ids else None


class GivenVerdictSerializer(Body):
    verdict = serializers.ChoiceField(choices=ReviewVerdict.choices)
    note = serializers.CharField(allow_blank=True, default="", trim_whitespace=False, help_text="Needed to refuse.")
    rev = serializers.IntegerField(min_value=0, help_text="The verdict's revision that you read, 0 for none.")
    answer_rev = serializers.IntegerField(min_value=0, help_text="The revision of the answer that you looked at.")


class GivenSignatureSerializer(Body):
    note = serializers.CharField(allow_blank=True, default="")


class SignedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Assessment
        fields = ["id", "state", "framework_digest", "signed_at"]
        read_only_fields = fields


def _found(request, pk: int) -> Assessment:
    return get_object_or_404(Assessment.objects.for_user(request.user).closed().select_related("team"), pk=pk)


class ReviewList(APIView):
    """What a reviewer found: of signed and returned assessments; of one in review, for its reviewers alone."""

    @extend_schema(responses=ReviewSerializer(many=True), operation_id="assessment_reviews")
    def get(self, request, pk: int):
        found = _found(request, pk)
        if not (found.signed_at or found.returned_at or request.user.has_perm("assessment.review", found)):
            raise Http404
        rows = found.reviews.select_related("assessment")
        return Response(ReviewSerializer(rows, many=True, context={"request": request}).data)


class ReviewVerdictOf(APIView):
    """Give a verdict on one answer."""

    @extend_schema(request=GivenVerdictSerializer, responses=ReviewSerializer, operation_id="assessment_review")
    def put(self, request, pk: int, criterion: str):
        found = _found(request, pk)
        given = GivenVerdictSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        saved = actions.save_verdict(assessment=found, criterion=criterion, by=request.user, **given.validated_data)
        return Response(ReviewSerializer(saved, context={"request": request}).data)


class Sign(APIView):
    """Sign the review: its verdicts count from now on."""

    @extend_schema(request=GivenSignatureSerializer, responses=SignedSerializer, operation_id="assessment_sign")
    def post(self, request, pk: int):
        found = _found(request, pk)
        given = GivenSignatureSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        signed = actions.sign(assessment=found, note=given.validated_data["note"], by=request.user)
        return Response(SignedSerializer(signed).data)


urls = [
    path("assessments/<int:pk>/reviews/", ReviewList.as_view(), name="api-assessment-reviews"),
    path("assessments/<int:pk>/reviews/<str:criterion>/", ReviewVerdictOf.as_view(), name="api-assessment-review"),
    path("assessments/<int:pk>/sign/", Sign.as_view(), name="api-assessment-sign"),
]
