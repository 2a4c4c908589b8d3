"""The verdict that a pipeline asks for."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.api.where import WhereTo
from governance.preflight import document, preflight
from governance.requesters import would_ask
from governance.verdict import as_document, judge, spoken
from governance.verdicts import kept

WHERE = [
    OpenApiParameter(name, type_, required=True)
    for name, type_ in (("registry", str), ("model", str), ("version", int), ("environment", str))
]


class VerdictView(APIView):
    """May this version go to this environment? The answer with reasons, as of now."""

    @extend_schema(
        parameters=WHERE,
        responses=inline_serializer(
            "Verdict",
            {
                "registry": serializers.CharField(),
                "model": serializers.CharField(),
                "version": serializers.IntegerField(),
                "environment": serializers.CharField(),
                "policy": serializers.DictField(),
                "outcome": serializers.ChoiceField(["pass", "fail", "inconclusive", "not_evaluated", "not_applicable"]),
                "passes": serializers.BooleanField(),
                "sentence": serializers.CharField(),
                "message": serializers.DictField(),
                "reasons": serializers.ListField(child=serializers.DictField()),
                "approvals_required": serializers.IntegerField(),
                "bound": serializers.DictField(),
                "computed_at": serializers.DateTimeField(),
            },
        ),
    )
    def get(self, request) -> Response:
        form = WhereTo(data=request.query_params)
        form.is_valid(raise_exception=True)
        document = kept(request.user, **form.validated_data)
        if document and not document["waived"]:  # else it depends on who asks: an own signature does not count
            return Response(spoken(document))
        version = form.find(request.user)
        found = judge(version, form.validated_data["environment"], asked_by=would_ask(version, request.user))
        return Response(as_document(version, found))


class PreflightView(APIView):
    """Would this version pass, and what would let it? Nothing is asked for and nobody is told."""

    @extend_schema(
        parameters=[*WHERE, OpenApiParameter("draft", str, description="As if this draft of a policy were published")],
        responses=inline_serializer(
            "Preflight",
            {
                "outcome": serializers.ChoiceField(["pass", "fail", "inconclusive", "not_evaluated", "not_applicable"]),
                "passes": serializers.BooleanField(),
                "sentence": serializers.CharField(),
                "reasons": serializers.ListField(child=serializers.DictField()),
                "draft": serializers.CharField(allow_null=True),
                "way": serializers.DictField(),
            },
        ),
    )
    def get(self, request) -> Response:
        form = WhereTo(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = {"user": request.user, "draft": request.query_params.get("draft", "")}
        return Response(document(preflight(form.find(request.user), form.validated_data["environment"], **asked)))


urls = [
    path("preflight/", PreflightView.as_view(), name="api-preflight"),
    path("verdict/", VerdictView.as_view(), name="api-verdict"),
]
