"""The API of profiles: what is in force, what was, and what is proposed. It is read alone: people decide in person."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers

from governance.models import Profile, ProfileChange, ProfileVersion


class ProfileSerializer(serializers.ModelSerializer):
    model = serializers.CharField(source="model.name")
    registry = serializers.CharField(source="model.registry.slug")
    team = serializers.CharField(source="model.team.slug", default=None)
    digest = serializers.CharField()

    class Meta:
        model = Profile
        fields = ("registry", "model", "team", "rev", "agreed", "digest", "changed_at", *Profile.FIELDS, "pinned")


class ChangeSerializer(serializers.ModelSerializer):
    model = serializers.CharField(source="model.name")
    registry = serializers.CharField(source="model.registry.slug")
    team = serializers.CharField(source="to_team.slug")
    proposed_by = serializers.CharField(source="proposed_by.name")
    decided_by = serializers.SerializerMethodField()

    class Meta:
        model = ProfileChange
        fields = (
            "id", "registry", "model", "team", "base_rev", "state", "digest", "content", "pinned", "proposed_by",
            "proposed_at", "decided_by", "decided_at", "reason",
        )  # fmt: skip

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_decided_by(self, change: ProfileChange) -> str | None:
        return change.decided_by.name if change.decided_by else None


class VersionSerializer(serializers.ModelSerializer):
    model = serializers.CharField(source="model.name")
    registry = serializers.CharField(source="model.registry.slug")
    team = serializers.CharField(source="team.slug", default=None)

    class Meta:
        model = ProfileVersion
        fields = ("registry", "model", "number", "team", "digest", "content", "pinned", "at", "event")


class OfModel(filters.FilterSet):
    model = filters.CharFilter(field_name="model__name", strip=False)
    registry = filters.CharFilter(field_name="model__registry__slug")


class ChangeFilter(OfModel):
    class Meta:
        model = ProfileChange
        fields = ("state",)


class VersionFilter(OfModel):
    class Meta:
        model = ProfileVersion
        fields = ("number",)


class OneProfile(generics.RetrieveAPIView):
    """The profile of a model, by the model's id."""

    serializer_class = ProfileSerializer
    queryset = Profile.objects.none()
    lookup_field = "model_id"
    lookup_url_kwarg = "model"

    def get_queryset(self):
        return Profile.objects.for_user(self.request.user).select_related("model__registry", "model__team")


class ChangeList(generics.ListAPIView):
    """Proposed changes of profiles, newest first."""

    serializer_class = ChangeSerializer
    filterset_class = ChangeFilter
    queryset = ProfileChange.objects.none()

    def get_queryset(self):
        seen = ProfileChange.objects.for_user(self.request.user)
        return seen.select_related("model__registry", "to_team", "proposed_by", "decided_by")


class VersionList(generics.ListAPIView):
    """Profiles as they were in force, newest first."""

    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    queryset = ProfileVersion.objects.none()

    def get_queryset(self):
        return ProfileVersion.objects.for_user(self.request.user).select_related("model__registry", "team")


urls = [
    path("profiles/<int:model>/", OneProfile.as_view(), name="api-profile"),
    path("profile-changes/", ChangeList.as_view(), name="api-profile-changes"),
    path("profile-versions/", VersionList.as_view(), name="api-profile-versions"),
]
