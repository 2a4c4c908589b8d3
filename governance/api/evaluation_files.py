"""The API to which pipelines push evaluation files: the body is the file."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import OpenApiTypes, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.actions.pushing import PROPOSED, push_set
from governance.models import RegisteredModel, SetRole
from governance.pushed_files import SUFFIX_OF, received, suffix_of
from portal.accounts.models import ApiToken, Team
from portal.message import Message
from portal.web.bodies import Body, refuse_unknown
from portal.web.errors import Invalid, Missing

ROLES = [(role.value, role.label) for role in SetRole if role in PROPOSED]


class Unread(BaseParser):
    """The body is left where it is: it is streamed to disk, never held."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        return stream


class Pushed(Body):
    """What the address says of the file."""

    name = serializers.CharField(max_length=120)
    team = serializers.CharField(required=False, help_text="Its slug; a pipeline's token has one already")
    registry = serializers.CharField(required=False)
    model = serializers.CharField(
        required=False, trim_whitespace=False, help_text="The model that shall be judged on it: a proposal"
    )
    role = serializers.ChoiceField(ROLES, required=False)
    key_columns = serializers.CharField(required=False, help_text="For restricted attributes, with commas")

    def find_team(self, request) -> Team:
        token = request.auth if isinstance(request.auth, ApiToken) else None
        named = self.validated_data.get("team") or (token.team.slug if token and token.team else "")
        team = Team.objects.for_user(request.user).filter(slug=named).first()
        if team is None:
            raise Missing("push.team", team=named or "–")
        return team

    def find_model(self, user) -> RegisteredModel | None:
        given = [self.validated_data.get(name) for name in ("registry", "model", "role")]
        if not any(given):
            return None
        if not all(given):
            raise Invalid("push.role", {"role": Message("push.role")})
        registry, name, _role = given
        seen = RegisteredModel.objects.for_user(user).present().select_related("team", "registry")
        model = seen.filter(registry__slug=registry, name=name).first()
        if model is None:
            raise Missing("register.no_model", registry=registry, model=name)
        return model


class EvaluationFiles(APIView):
    """Push a table of cases. It becomes a set of the team; models are judged on it when a second person agrees."""

    parser_classes = [Unread]

    @extend_schema(
        parameters=[Pushed],
        request=dict.fromkeys(SUFFIX_OF, OpenApiTypes.BINARY),
        responses={
            202: inline_serializer(
                "PushedSet",
                {
                    "set": serializers.IntegerField(),
                    "digest": serializers.CharField(),
                    "size": serializers.IntegerField(),
                    "jobs": serializers.ListField(child=serializers.IntegerField(), help_text="To follow"),
                },
            )
        },
    )
    def post(self, request) -> Response:
        form = Pushed(data=request.query_params)
        refuse_unknown(request.query_params, form.fields)
        form.is_valid(raise_exception=True)
        said, team, model = form.validated_data, form.find_team(request), form.find_model(request.user)
        suffix = suffix_of(request.content_type or "")
        stream, announced = request.stream, request.META.get("CONTENT_LENGTH")
        if stream is None:
            raise Invalid("push.empty")
        with received(stream, name=f"pushed{suffix}", announced=int(announced) if announced else None) as upload:
            one, jobs = push_set(
                team=team,
                name=said["name"],
                upload=upload,
                model=model,
                role=said.get("role", ""),
                key_columns=[name.strip() for name in said.get("key_columns", "").split(",") if name.strip()],
                by=request.user,
            )
        answer = {"set": one.pk, "digest": one.digest, "size": one.size, "jobs": [job.pk for job in jobs]}
        return Response(answer, status=202)


urls = [path("evaluation-files/", EvaluationFiles.as_view(), name="api-evaluation-files")]
