"""Jobs, for programs that wait for one."""

from __future__ import annotations

import django_filters
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.jobs import actions
from portal.jobs.models import Job, State
from portal.web.bodies import refuse_body
from portal.web.say import say


class JobSerializer(serializers.ModelSerializer):
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    text = serializers.SerializerMethodField(help_text="What it does, or why it failed, in the reader's language.")

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "state",
            "step",
            "of",
            "text",
            "message",
            "error",
            "result",
            "team",
            "subject_type",
            "subject_id",
            "subject_label",
            "attempts",
            "cancel_requested",
            "created_at",
            "started_at",
            "ended_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_text(self, job: Job) -> str:
        return say(job.error or job.message)


class JobFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=State.choices)
    team = django_filters.CharFilter(field_name="team__slug")

    class Meta:
        model = Job
        fields = ["state", "kind", "subject_type", "subject_id", "team"]


class JobList(ListAPIView):
    """The jobs you may see, newest first."""

    serializer_class = JobSerializer
    filterset_class = JobFilter
    queryset = Job.objects.none()

    def get_queryset(self):
        return Job.objects.for_user(self.request.user).select_related("team")


class JobDetail(RetrieveAPIView):
    """One job: ask again until its state is done, failed or cancelled."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()
    get_queryset = JobList.get_queryset


class JobCancel(APIView):
    """Ask a job to stop."""

    @extend_schema(request=None, responses={202: JobSerializer}, operation_id="job_cancel")
    def post(self, request, pk: int):
        refuse_body(request)
        job = get_object_or_404(Job.objects.for_user(request.user).select_related("team"), pk=pk)
        actions.cancel(job=job, by=request.user)
        job.refresh_from_db()
        return Response(JobSerializer(job).data, status=202)


urls = [
    path("jobs/", JobList.as_view(), name="api-jobs"),
    path("jobs/<int:pk>/", JobDetail.as_view(), name="api-job"),
    path("jobs/<int:pk>/cancel/", JobCancel.as_view(), name="api-job-cancel"),
]
