"""The API of policies: to read and to try. Drafts are written and published by people, on the pages."""

from __future__ import annotations

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments.catalogue import currents
from governance.dry_run import as_document, dry_run, last_versions
from governance.models import Policy
from governance.policy import Policy as Content
from governance.policy import PolicyError, in_turn, parse, too_high
from portal.web.bodies import Body
from portal.web.errors import Invalid
from portal.web.say import say


class PolicySerializer(serializers.ModelSerializer):
    class Meta:
        model = Policy
        fields = ("key", "version", "digest", "published_at")


class PolicyDetail(PolicySerializer):
    class Meta(PolicySerializer.Meta):
        fields = (*PolicySerializer.Meta.fields, "text")


class PolicyText(Body):
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)

    def content(self) -> Content:
        """The policy that the text is."""
        try:
            policy = parse(self.validated_data["text"])
        except PolicyError as error:
            raise Invalid(error.message) from error
        if wrong := too_high(policy, {key: framework.top for key, framework in currents().items()}):
            raise Invalid(in_turn(wrong))
        return policy


class PolicyList(generics.ListAPIView):
    """Published versions; the newest of each key is in force."""

    serializer_class = PolicySerializer
    queryset = Policy.objects.order_by("key", "-version")
    filterset_fields = ("key",)


class PolicyVersion(APIView):
    """One published version with its text, of which the digest is the SHA-256."""

    @extend_schema(responses=PolicyDetail)
    def get(self, request, key: str, version: int) -> Response:
        found = Policy.objects.filter(key=key, version=version).first()
        if found is None:
            raise Http404
        return Response(PolicyDetail(found).data)


class PolicyCheck(APIView):
    """Whether a policy's YAML is valid; every error names line and field."""

    @extend_schema(
        request=PolicyText,
        responses=inline_serializer("PolicyRead", {"key": serializers.CharField(), "digest": serializers.CharField()}),
    )
    def post(self, request) -> Response:
        form = PolicyText(data=request.data)
        form.is_valid(raise_exception=True)
        policy = form.content()
        return Response({"key": policy.key, "digest": policy.digest})


class PolicyDryRun(APIView):
    """What a policy would have said of the last 20 versions that you may see; nothing is kept."""

    @extend_schema(
        request=PolicyText,
        responses=inline_serializer(
            "PolicyTried",
            {"key": serializers.CharField(), "environments": serializers.ListField(child=serializers.DictField())},
        ),
    )
    def post(self, request) -> Response:
        form = PolicyText(data=request.data)
        form.is_valid(raise_exception=True)
        policy = form.content()
        trials = dry_run(policy, last_versions(request.user))
        return Response({"key": policy.key, "environments": as_document(trials, say)})


urls = [
    path("policies/", PolicyList.as_view(), name="api-policies"),
    path("policies/check/", PolicyCheck.as_view(), name="api-policy-check"),
    path("policies/dry-run/", PolicyDryRun.as_view(), name="api-policy-dry-run"),
    path("policies/<slug:key>/<int:version>/", PolicyVersion.as_view(), name="api-policy"),
]
