"""The API of models, audits, promotions and the verdict that a pipeline asks for."""

from __future__ import annotations

from django.urls import path
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.actions import promotions as promotion_actions
from governance.actions.audits import request_audits
from governance.models import Audit, AuditKind, EvaluationSet, ModelVersion, Promotion, RegisteredModel
from governance.outgoing import outgoing, outgoing_message, outgoing_verdicts
from governance.verdict import as_document, judge
from portal.web.errors import Invalid, Missing
from portal.web.say import say


class ModelSerializer(serializers.ModelSerializer):
    registry = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = RegisteredModel
        fields = ("id", "registry", "name", "description", "team", "aliases", "registered_at", "deleted_at")


class VersionSerializer(serializers.ModelSerializer):
    model = serializers.CharField(source="model.name")
    registry = serializers.CharField(source="model.registry.slug")

    class Meta:
        model = ModelVersion
        fields = (
            "id", "registry", "model", "number", "run_id", "status", "author", "artifact_digest", "registered_at",
            "deleted_at",
        )  # fmt: skip


class AuditSerializer(serializers.ModelSerializer):
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    sentence = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = Audit
        fields = (
            "id", "model", "version", "kind", "outcome", "label", "sentence", "message", "result", "inputs", "digest",
            "created_at",
        )  # fmt: skip

    def get_sentence(self, audit: Audit) -> str:
        return say(outgoing_message(audit.message, audit.result))

    def get_message(self, audit: Audit) -> dict:
        return outgoing_message(audit.message, audit.result).to_json()

    def get_result(self, audit: Audit) -> dict:
        return outgoing(audit.result)


class PromotionSerializer(serializers.ModelSerializer):
    registry = serializers.CharField(source="version.model.registry.slug")
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    policy = serializers.CharField(source="policy.__str__")
    sentence = serializers.SerializerMethodField()
    verdict = serializers.SerializerMethodField()

    class Meta:
        model = Promotion
        fields = (
            "id", "registry", "model", "version", "environment", "state", "outcome", "sentence", "verdict", "policy",
            "reason", "requested_at", "closed_at",
        )  # fmt: skip

    def get_sentence(self, promotion: Promotion) -> str:
        return say(self.get_verdict(promotion).get("message"))

    def get_verdict(self, promotion: Promotion) -> dict:
        told = self.context.setdefault("told", {})
        if promotion.pk not in told:
            together = self.parent.instance if self.parent is not None else [promotion]
            told |= outgoing_verdicts(together)
        return told[promotion.pk]


class ModelFilter(filters.FilterSet):
    team = filters.CharFilter(field_name="team__slug")
    registry = filters.CharFilter(field_name="registry__slug")
    name = filters.CharFilter()
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = RegisteredModel
        fields = ()


class VersionFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="model__name")
    registry = filters.CharFilter(field_name="model__registry__slug")

    class Meta:
        model = ModelVersion
        fields = ("number",)


class AuditFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="version__model__name")
    registry = filters.CharFilter(field_name="version__model__registry__slug")
    version = filters.NumberFilter(field_name="version__number")

    class Meta:
        model = Audit
        fields = ("kind", "outcome")


class PromotionFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="version__model__name")
    registry = filters.CharFilter(field_name="version__model__registry__slug")
    version = filters.NumberFilter(field_name="version__number")

    class Meta:
        model = Promotion
        fields = ("environment", "state")


class ModelList(generics.ListAPIView):
    """The models that the caller may see."""

    serializer_class = ModelSerializer
    filterset_class = ModelFilter
    queryset = RegisteredModel.objects.none()

    def get_queryset(self):
        return RegisteredModel.objects.for_user(self.request.user).select_related("registry", "team")


class VersionList(generics.ListAPIView):
    """Versions, newest first."""

    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    queryset = ModelVersion.objects.none()

    def get_queryset(self):
        return ModelVersion.objects.for_user(self.request.user).select_related("model__registry")


class AuditList(generics.ListAPIView):
    """Audits, newest first."""

    serializer_class = AuditSerializer
    filterset_class = AuditFilter
    queryset = Audit.objects.none()

    def get_queryset(self):
        return Audit.objects.for_user(self.request.user).select_related("version__model")


class EvaluationSetSerializer(serializers.ModelSerializer):
    """Facts of a set: never its rows, nor counts of its values."""

    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    state = serializers.CharField(read_only=True)
    models = serializers.SerializerMethodField()

    class Meta:
        model = EvaluationSet
        fields = (
            "id", "team", "name", "source", "place", "state", "digest", "size", "rows", "columns", "consent",
            "retention", "keep_until", "shared", "models", "created_at", "pinned_at", "ended_at", "rev",
        )  # fmt: skip

    def get_models(self, one: EvaluationSet) -> list[dict[str, str]]:
        """The models judged on it that the caller may see, each with the role of the set."""
        return [{"model": use.model.name, "role": use.role} for use in one.seen_uses]


class EvaluationSetFilter(filters.FilterSet):
    team = filters.CharFilter(field_name="team__slug")

    class Meta:
        model = EvaluationSet
        fields = ("source", "name", "digest")


class EvaluationSetList(generics.ListAPIView):
    """The evaluation sets that the caller may know of."""

    serializer_class = EvaluationSetSerializer
    filterset_class = EvaluationSetFilter
    queryset = EvaluationSet.objects.none()

    def get_queryset(self):
        return EvaluationSet.objects.for_user(self.request.user).with_uses_for(self.request.user)


class EvaluationSetDetail(generics.RetrieveAPIView):
    """One evaluation set."""

    serializer_class = EvaluationSetSerializer
    queryset = EvaluationSet.objects.none()

    def get_queryset(self):
        return EvaluationSet.objects.for_user(self.request.user).with_uses_for(self.request.user)


class Where(serializers.Serializer):
    """A version in a registry."""

    registry = serializers.CharField(help_text="The connection's slug")
    model = serializers.CharField(help_text="The registered model's name")
    version = serializers.IntegerField(min_value=1)

    def find(self, user) -> ModelVersion:
        data = self.validated_data
        seen = ModelVersion.objects.for_user(user).select_related("model__team", "model__registry", "model__profile")
        named = {"model__registry__slug": data["registry"], "model__name": data["model"], "number": data["version"]}
        version = seen.filter(**named).first()
        if version is None:
            raise Missing("api.no_version", **{name: data[name] for name in ("registry", "model", "version")})
        return version


class WhereTo(Where):
    environment = serializers.CharField()


class Request(WhereTo):
    reason = serializers.CharField(allow_blank=True, default="")


class AuditsWanted(Where):
    kinds = serializers.MultipleChoiceField(choices=AuditKind.choices, default=list)


class AuditRequest(APIView):
    """Ask for audits of a version."""

    @extend_schema(
        request=AuditsWanted,
        responses={
            202: inline_serializer("AuditJobs", {"jobs": serializers.ListField(child=serializers.IntegerField())})
        },
    )
    def post(self, request) -> Response:
        form = AuditsWanted(data=request.data)
        form.is_valid(raise_exception=True)
        version = form.find(request.user)
        jobs = request_audits(version=version, by=request.user, kinds=tuple(sorted(form.validated_data["kinds"])))
        return Response({"jobs": [job.pk for job in jobs]}, status=202)


class PromotionList(generics.ListAPIView):
    """Promotions, newest first; a POST asks for one."""

    serializer_class = PromotionSerializer
    filterset_class = PromotionFilter
    queryset = Promotion.objects.none()

    def get_queryset(self):
        return Promotion.objects.for_user(self.request.user).select_related("version__model__registry", "policy")

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
        return Promotion.objects.for_user(self.request.user).select_related("version__model__registry", "policy")


class VerdictView(APIView):
    """May this version go to this environment? The answer with reasons, computed now."""

    @extend_schema(
        parameters=[
            OpenApiParameter(name, type_, required=True)
            for name, type_ in (("registry", str), ("model", str), ("version", int), ("environment", str))
        ],
        responses=inline_serializer(
            "Verdict",
            {
                "registry": serializers.CharField(),
                "model": serializers.CharField(),
                "version": serializers.IntegerField(),
                "environment": serializers.CharField(),
                "policy": serializers.DictField(),
                "outcome": serializers.ChoiceField(["pass", "fail", "inconclusive", "not_evaluated", "not_applicable"]),
                "passes": serializers.BooleanField(),
                "sentence": serializers.CharField(),
                "message": serializers.DictField(),
                "reasons": serializers.ListField(child=serializers.DictField()),
                "approvals_required": serializers.IntegerField(),
                "bound": serializers.DictField(),
                "computed_at": serializers.DateTimeField(),
            },
        ),
    )
    def get(self, request) -> Response:
        form = WhereTo(data=request.query_params)
        form.is_valid(raise_exception=True)
        version = form.find(request.user)
        return Response(as_document(version, judge(version, form.validated_data["environment"])))


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
    path("models/", ModelList.as_view(), name="api-models"),
    path("versions/", VersionList.as_view(), name="api-versions"),
    path("evaluation-sets/", EvaluationSetList.as_view(), name="api-evaluation-sets"),
    path("evaluation-sets/<int:pk>/", EvaluationSetDetail.as_view(), name="api-evaluation-set"),
    path("audits/", AuditList.as_view(), name="api-audits"),
    path("audits/request/", AuditRequest.as_view(), name="api-audit-request"),
    path("promotions/", PromotionList.as_view(), name="api-promotions"),
    path("promotions/<int:pk>/", PromotionDetail.as_view(), name="api-promotion"),
    path("verdict/", VerdictView.as_view(), name="api-verdict"),
    path("policies/check/", PolicyCheck.as_view(), name="api-policy-check"),
]
