"""The API of policies."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.web.errors import Invalid


class PolicyText(serializers.Serializer):
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)


class PolicyCheck(APIView):
    """Whether a policy's YAML is valid; every error names line and field."""

    @extend_schema(
        request=PolicyText,
        responses=inline_serializer("PolicyRead", {"key": serializers.CharField(), "digest": serializers.CharField()}),
    )
    def post(self, request) -> Response:
        from governance.policy import PolicyError, parse

        form = PolicyText(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            policy = parse(form.validated_data["text"])
        except PolicyError as error:
            raise Invalid(error.message) from error
        return Response({"key": policy.key, "digest": policy.digest})


urls = [
    path("policies/check/", PolicyCheck.as_view(), name="api-policy-check"),
]
