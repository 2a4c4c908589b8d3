"""Who am I, and which teams are there, for programs."""

from __future__ import annotations

import django_filters
from django.db.models import Prefetch, Q
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.accounts.actions import roles_of
from portal.accounts.models import ApiToken, Membership, Team, User, Visibility


class MembershipSerializer(serializers.ModelSerializer):
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Membership
        fields = ["team", "role"]
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer):
    roles = serializers.SerializerMethodField()
    teams = MembershipSerializer(source="memberships", many=True, read_only=True)
    scope = serializers.SerializerMethodField()
    team = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["pseudonym", "name", "email", "language", "timezone", "roles", "teams", "scope", "team"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_roles(self, user: User) -> list[str]:
        return roles_of(self.context["request"].user)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_scope(self, user: User) -> str | None:
        """What the token may do; null in a browser's session."""
        auth = self.context["request"].auth
        return auth.scope if isinstance(auth, ApiToken) else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_team(self, user: User) -> str | None:
        """The team for which a pipeline's token acts."""
        auth = self.context["request"].auth
        return auth.team.slug if isinstance(auth, ApiToken) and auth.team else None


class Me(APIView):
    """The person a token belongs to."""

    @extend_schema(responses=MeSerializer, operation_id="me")
    def get(self, request):
        acting = Membership.objects.filter(team__in=request.user.team_ids).select_related("team")
        user = User.objects.prefetch_related(Prefetch("memberships", acting)).get(pk=request.user.pk)
        return Response(MeSerializer(user, context={"request": request}).data)


class TeamSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField(slug_field="name", read_only=True)

    class Meta:
        model = Team
        fields = ["slug", "name", "unit", "visibility", "created_at"]
        read_only_fields = fields


class TeamFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="find", label="Part of a team's or a unit's name.")
    unit = django_filters.CharFilter(field_name="unit__name")
    visibility = django_filters.ChoiceFilter(choices=Visibility.choices)

    class Meta:
        model = Team
        fields = ["unit", "visibility"]

    def find(self, rows, name, value):
        return rows.filter(Q(name__icontains=value) | Q(unit__name__icontains=value))


class TeamList(ListAPIView):
    """The teams you may see."""

    serializer_class = TeamSerializer
    filterset_class = TeamFilter
    queryset = Team.objects.none()

    def get_queryset(self):
        return Team.objects.for_user(self.request.user).select_related("unit")


class TeamDetail(RetrieveAPIView):
    """One team."""

    serializer_class = TeamSerializer
    lookup_field = "slug"
    queryset = Team.objects.none()
    get_queryset = TeamList.get_queryset


urls = [
    path("me/", Me.as_view(), name="api-me"),
    path("teams/", TeamList.as_view(), name="api-teams"),
    path("teams/<str:slug>/", TeamDetail.as_view(), name="api-team"),
]
