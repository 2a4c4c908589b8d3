"""The period packs that were made, for programs that fetch them."""

from __future__ import annotations

from django.urls import path, reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from governance.jobs_pack import KIND
from portal.accounts.permissions import require
from portal.pdf.models import Document


class PackSerializer(serializers.ModelSerializer):
    period = serializers.CharField(source="subject_id", help_text="environment.first.last")
    url = serializers.SerializerMethodField(help_text="Where the ZIP is, for who is signed in.")

    class Meta:
        model = Document
        fields = ["id", "period", "name", "language", "size", "sha256", "created_at", "url"]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_url(self, document: Document) -> str:
        return reverse("document", args=[document.pk])


class PackList(ListAPIView):
    """The period packs, newest first; for auditors and administrators."""

    serializer_class = PackSerializer
    queryset = Document.objects.none()
    filter_backends = []

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Document.objects.none()
        require(self.request.user, "pack.make")
        return Document.objects.for_user(self.request.user).filter(kind=KIND)


urls = [path("packs/", PackList.as_view(), name="api-packs")]
