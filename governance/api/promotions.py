"""The API of promotions."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response

from governance.actions import promotions as promotion_actions
from governance.actions.promotions.once import request_once
from governance.api.where import OfVersion, WhereTo
from governance.models import Promotion
from governance.outgoing import outgoing_verdicts
from portal.web.say import say

WHOLE = ("version__model__registry", "policy", "break_glass", "move")


class PromotionSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="version.model.registry.slug")
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    policy = serializers.CharField(source="policy.__str__")
    sentence = serializers.SerializerMethodField()
    verdict = serializers.SerializerMethodField()
    move = serializers.SerializerMethodField(help_text="How far it is carried out, and until when it waits and why")

    emergency = serializers.SerializerMethodField(help_text="Let past its gates by two people in an emergency")

    class Meta:
        model = Promotion
        fields = (
            "id", "kind", "registry", "model", "version", "environment", "state", "outcome", "sentence", "verdict",
            "policy", "reason", "requested_at", "closed_at", "move", "emergency",
        )  # fmt: skip

    def get_emergency(self, promotion: Promotion) -> bool:
        passage = getattr(promotion, "break_glass", None)
        return bool(passage and passage.second_by_id)

    def get_sentence(self, promotion: Promotion) -> str:
        return say(self.get_verdict(promotion).get("message"))

    def get_move(self, promotion: Promotion) -> dict | None:
        move = getattr(promotion, "move", None)
        if move is None:
            return None
        told = {"state": move.state, "alias": move.alias, "not_before": move.not_before, "done_at": move.done_at}
        return told | {"why": say(move.why) or None, "error": say(move.error) or None}

    def get_verdict(self, promotion: Promotion) -> dict:
        told = self.context.setdefault("told", {})
        if promotion.pk not in told:
            together = self.parent.instance if self.parent is not None else [promotion]
            told |= outgoing_verdicts(together)
        return told[promotion.pk]


class PromotionFilter(OfVersion):
    class Meta:
        model = Promotion
        fields = ("environment", "state", "kind")


class Request(WhereTo):
    reason = serializers.CharField(allow_blank=True, default="", max_length=5000)


class PromotionList(generics.ListAPIView):
    """Promotions, newest first; a POST asks for one."""

    serializer_class = PromotionSerializer
    filterset_class = PromotionFilter
    queryset = Promotion.objects.none()

    def get_queryset(self):
        return Promotion.objects.for_user(self.request.user).select_related(*WHOLE)

    @extend_schema(
        request=Request,
        responses={201: PromotionSerializer, 200: PromotionSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="The same request under the same key gives the same promotion (200).",
            )
        ],
    )
    def post(self, request) -> Response:
        form = Request(data=request.data)
        form.is_valid(raise_exception=True)
        said = {name: form.validated_data[name] for name in ("environment", "reason")}
        asked = {"version": form.find(request.user), **said, "by": request.user}
        key, is_new = request.headers.get("Idempotency-Key"), True
        if key is None:
            promotion = promotion_actions.request(**asked)
        else:
            promotion, is_new = request_once(key=key, **asked)
        return Response(PromotionSerializer(promotion).data, status=201 if is_new else 200)


class PromotionDetail(generics.RetrieveAPIView):
    """One promotion with its gates."""

    serializer_class = PromotionSerializer
    queryset = Promotion.objects.none()

    def get_queryset(self):
        return Promotion.objects.for_user(self.request.user).select_related(*WHOLE)


urls = [
    path("promotions/", PromotionList.as_view(), name="api-promotions"),
    path("promotions/<int:pk>/", PromotionDetail.as_view(), name="api-promotion"),
]
