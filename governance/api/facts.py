"""The API of facts: what pipelines tell of versions."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response

from governance.actions.facts import push_fact
from governance.api.where import Where
from governance.models import Fact
from portal.accounts.models import ApiToken


class FactSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="version.model.registry.slug")
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    by = serializers.CharField(source="by.name")

    class Meta:
        model = Fact
        fields = (
            "id", "registry", "model", "version", "key", "value", "unit", "at", "pushed_at", "label", "by",
            "token_name", "digest",
        )  # fmt: skip


class FactFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="version__model__name", strip=False)
    registry = filters.CharFilter(field_name="version__model__registry__slug")
    version = filters.NumberFilter(field_name="version__number")

    class Meta:
        model = Fact
        fields = ("key",)


class NewFact(Where):
    key = serializers.CharField(max_length=80)
    value = serializers.JSONField(help_text="A number, a text, or true or false")
    unit = serializers.CharField(allow_blank=True, default="", max_length=40)
    at = serializers.DateTimeField(required=False, help_text="When it was observed; now, if nothing is said")


class FactList(generics.ListAPIView):
    """Facts, newest first; a POST tells one. The newest of a key counts."""

    serializer_class = FactSerializer
    filterset_class = FactFilter
    queryset = Fact.objects.none()

    def get_queryset(self):
        return Fact.objects.for_user(self.request.user).select_related("version__model__registry", "by")

    @extend_schema(request=NewFact, responses={201: FactSerializer, 200: FactSerializer})
    def post(self, request) -> Response:
        form = NewFact(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        said = {name: given[name] for name in ("key", "value", "unit", "at") if name in given}
        token = request.auth.name if isinstance(request.auth, ApiToken) else ""
        fact, is_new = push_fact(version=form.find(request.user), **said, token=token, by=request.user)
        return Response(FactSerializer(fact).data, status=201 if is_new else 200)


urls = [path("facts/", FactList.as_view(), name="api-facts")]
