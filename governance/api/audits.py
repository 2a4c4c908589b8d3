"""The API of audits."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.actions.audits import request_audits
from governance.api.where import OfVersion, Where
from governance.models import Audit, AuditKind
from governance.outgoing import outgoing, outgoing_message
from portal.web.say import say


class AuditSerializer(serializers.ModelSerializer):
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    sentence = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = Audit
        fields = (
            "id", "model", "version", "kind", "outcome", "label", "sentence", "message", "result", "inputs", "digest",
            "created_at",
        )  # fmt: skip

    def get_sentence(self, audit: Audit) -> str:
        return say(outgoing_message(audit.message, audit.result))

    def get_message(self, audit: Audit) -> dict:
        return outgoing_message(audit.message, audit.result).to_json()

    def get_result(self, audit: Audit) -> dict:
        return outgoing(audit.result)


class AuditFilter(OfVersion):
    class Meta:
        model = Audit
        fields = ("kind", "outcome")


class AuditList(generics.ListAPIView):
    """Audits, newest first."""

    serializer_class = AuditSerializer
    filterset_class = AuditFilter
    queryset = Audit.objects.none()

    def get_queryset(self):
        return Audit.objects.for_user(self.request.user).select_related("version__model")


class AuditsWanted(Where):
    kinds = serializers.MultipleChoiceField(choices=AuditKind.choices, default=list)


class AuditRequest(APIView):
    """Ask for audits of a version."""

    @extend_schema(
        request=AuditsWanted,
        responses={
            202: inline_serializer("AuditJobs", {"jobs": serializers.ListField(child=serializers.IntegerField())})
        },
    )
    def post(self, request) -> Response:
        form = AuditsWanted(data=request.data)
        form.is_valid(raise_exception=True)
        version = form.find(request.user)
        jobs = request_audits(version=version, by=request.user, kinds=tuple(sorted(form.validated_data["kinds"])))
        return Response({"jobs": [job.pk for job in jobs]}, status=202)


urls = [
    path("audits/", AuditList.as_view(), name="api-audits"),
    path("audits/request/", AuditRequest.as_view(), name="api-audit-request"),
]
