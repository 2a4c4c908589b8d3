"""Asking for a kept verdict, against one indexed SELECT through the same stack.

Both go through the whole stack (address, middleware, token, JSON), with the same token and the same scope. The goal
is an upper bound: three times the plain read. What is answered must be what is judged.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from benchmarks import Figure, cpu_seconds, size
from benchmarks.judging import prepare

GOAL = 3.0
ROUNDS = 40
ASKED = 25


@dataclass(frozen=True)
class Taken:
    """Seconds of some plain reads and of as many verdicts, how often each was asked, and whether they agree."""

    plain: float
    verdict: float
    asked: int
    agreed: bool


def run() -> list[Figure]:
    """Fill a database and ask, in a process whose settings point to it."""
    with tempfile.TemporaryDirectory() as home, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        taken = pool.submit(measured, home, size(100, 1000)).result()
    ratio = taken.plain / taken.verdict
    baseline = "one indexed SELECT through the same stack"
    return [Figure("verdict", baseline, taken.asked, "cpu", ratio, 1 / GOAL, taken.agreed)]


def measured(home: str, versions: int) -> Taken:
    """What `run` measures; `home` is an empty folder."""
    os.environ["SEKISHO_LOG_LEVEL"] = "WARNING"
    prepare(home, versions)
    return _compare()


def _compare() -> Taken:
    from django.test import Client, override_settings

    from governance.models import ModelVersion
    from governance.verdict import as_document, judge
    from governance.verdicts import keep
    from portal.accounts.actions import create_token
    from portal.accounts.models import User

    whole = ModelVersion.objects.select_related("model__registry", "model__team", "model__profile").order_by("pk")
    version = whole[3]
    keep(whole, "production")
    user = User.objects.create_user("bench@example.org", "correct horse battery", name="Bench", is_administrator=True)
    _token, key = create_token(name="bench", scope="read", days=30, by=user)
    model = version.model
    query = {"registry": model.registry.slug, "model": model.name, "version": version.number}
    query |= {"environment": "production", "pk": version.pk}
    client = Client(headers={"authorization": f"Bearer {key}", "accept-language": "en"})

    def ask(address: str):
        def asked() -> object:
            for _time in range(ASKED):
                answer = client.get(address, query)
            return answer

        return asked

    with override_settings(ROOT_URLCONF=_addresses(), ALLOWED_HOSTS=["*"]):
        ask("/plain/")(), ask("/api/v1/verdict/")()  # what is imported at the first use is not counted
        plains, verdicts = [], []
        for _ in range(ROUNDS):  # by turns, and the least of each: a machine is not equally fast all the time
            taken, one = cpu_seconds(ask("/plain/"), 1)
            plains.append(taken)
            taken, answer = cpu_seconds(ask("/api/v1/verdict/"), 1)
            verdicts.append(taken)
        plain, verdict = min(plains), min(verdicts)
    judged = as_document(version, judge(version, "production"))
    got = answer.json()
    agreed = one.json()["number"] == version.number and got.pop("computed_at") != judged.pop("computed_at")
    return Taken(plain, verdict, ROUNDS * ASKED, agreed and got == judged)


def _addresses() -> tuple:
    """The product's own addresses, and one that reads a row by its key for whoever has a token."""
    from django.urls import include, path
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from governance.models import ModelVersion

    class Plain(APIView):
        def get(self, request) -> Response:
            rows = ModelVersion.objects.for_user(request.user).filter(pk=request.query_params["pk"])
            return Response(rows.values("id", "model_id", "number", "run_id", "artifact_digest").get())

    return (path("plain/", Plain.as_view()), path("", include("portal.urls")))
