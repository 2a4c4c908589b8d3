"""The figures of "Are we in control?", for programs."""

from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.control import control
from portal.accounts.permissions import require


class ControlView(APIView):
    """What is live by risk and outcome, what no decision explains, and how long requests take; of what you may see."""

    @extend_schema(
        responses=inline_serializer(
            "Control",
            {
                "in_control": serializers.BooleanField(),
                "models": serializers.IntegerField(),
                "share_under_policy": serializers.FloatField(allow_null=True),
                "live": serializers.ListField(child=serializers.DictField()),
                "unexplained": serializers.IntegerField(),
                "grave_findings": serializers.IntegerField(),
                "unread_registries": serializers.IntegerField(),
                "waivers_ending": serializers.IntegerField(),
                "request_to_live_seconds": serializers.IntegerField(allow_null=True),
                "blocking": serializers.ListField(child=serializers.DictField()),
                "judged_at": serializers.DateTimeField(allow_null=True),
            },
        )
    )
    def get(self, request) -> Response:
        require(request.user, "control.view")
        found = control(request.user, timezone.now())
        lasting = found.request_to_live
        return Response(
            {
                "in_control": found.in_control,
                "models": found.models,
                "share_under_policy": found.share,
                "live": [
                    {"risk": risk or None, "outcome": outcome or None, "models": count}
                    for (risk, outcome), count in sorted(found.live.items())
                ],
                "unexplained": found.unexplained,
                "grave_findings": found.grave,
                "unread_registries": found.unread,
                "waivers_ending": found.waivers,
                "request_to_live_seconds": None if lasting is None else round(lasting.total_seconds()),
                "blocking": [{"gate": one.gate, "title": one.title, "requests": one.count} for one in found.blocking],
                "judged_at": found.judged_at,
            }
        )


urls = [path("control/", ControlView.as_view(), name="api-control")]
