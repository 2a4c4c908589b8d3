"""The API of promotions."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response

from governance.actions import promotions as promotion_actions
from governance.api.where import WhereTo
from governance.models import Promotion
from governance.outgoing import outgoing_verdicts
from portal.web.say import say

RELATED = ("version__model__registry", "policy", "move")


class PromotionSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="version.model.registry.slug")
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    policy = serializers.CharField(source="policy.__str__")
    sentence = serializers.SerializerMethodField()
    verdict = serializers.SerializerMethodField()
    move = serializers.SerializerMethodField(help_text="How far it is carried out, and until when it waits and why")

    class Meta:
        model = Promotion
        fields = (
            "id", "kind", "registry", "model", "version", "environment", "state", "outcome", "sentence", "verdict",
            "policy", "reason", "requested_at", "closed_at", "move",
        )  # fmt: skip

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


class PromotionFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="version__model__name")
    registry = filters.CharFilter(field_name="version__model__registry__slug")
    version = filters.NumberFilter(field_name="version__number")

    class Meta:
        model = Promotion
        fields = ("environment", "state", "kind")


class Request(WhereTo):
    reason = serializers.CharField(allow_blank=True, default="")


class PromotionList(generics.ListAPIView):
    """Promotions, newest first; a POST asks for one."""

    serializer_class = PromotionSerializer
    filterset_class = PromotionFilter
    queryset = Promotion.objects.none()

    def get_queryset(self):
        return Promotion.objects.for_user(self.request.user).select_related(
            "version__model__registry", "policy", "move"
        )

    @extend_schema(request=Request, responses={201: PromotionSerializer})
    def post(self, request) -> Response:
        form = Request(data=request.data)
        form.is_valid(raise_exception=True)
        promotion = promotion_actions.request(
            version=form.find(request.user),
            environment=form.validated_data["environment"],
            reason=form.validated_data["reason"],
            by=request.user,
        )
        return Response(PromotionSerializer(promotion).data, status=201)


class PromotionDetail(generics.RetrieveAPIView):
    """One promotion with its gates."""

    serializer_class = PromotionSerializer
    queryset = Promotion.objects.none()

    def get_queryset(self):
        return Promotion.objects.for_user(self.request.user).select_related(
            "version__model__registry", "policy", "move"
        )


urls = [
    path("promotions/", PromotionList.as_view(), name="api-promotions"),
    path("promotions/<int:pk>/", PromotionDetail.as_view(), name="api-promotion"),
]
