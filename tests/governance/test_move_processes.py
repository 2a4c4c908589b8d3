"""Moves in a real MLflow server by workers that are killed or stopped, and by a network that fails."""

from __future__ import annotations

import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django import conf
from django.db import connection
from django.utils import timezone

from governance.models import Placement, Registry
from portal.jobs.models import Job
from portal.jobs.runner import drain
from tests.governance.move_worker import STEPS
from tests.governance.promotions_made import approved
from tests.governance.registered import alias_by_plain_client, registered_name  # noqa: F401
from tests.governance.test_moves import again, alias, job_of, model, moved_events, version  # noqa: F401
from tests.mlflow_server import mlflow_server  # noqa: F401
from tests.warm import Child, Warm

pytestmark = [pytest.mark.django_db, pytest.mark.mlflow]


@cache
def _workers() -> Warm:
    """On this test's database."""
    settings = connection.settings_dict
    where = str(settings["NAME"])
    if connection.vendor == "sqlite":
        url = f"sqlite:///{where}"
    else:
        url = f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{where}"
    return Warm("tests.governance.move_worker", os.environ | {"DATABASE_URL": url})


def process(job: Job, step: str = "", how: str = "kill") -> Child:
    """A worker that runs one job in a process of its own."""
    return _workers().start({"job": job.pk, "step": step, "how": how, "keys": str(conf.settings.KEYS_ROOT)})


def worker(job: Job, step: str = "") -> int:
    """Run it to its end; its exit code."""
    started = process(job, step)
    started.wait()
    if not step:
        assert started.returncode == 0, started.errors[-2000:]
    return started.returncode


def lease_over(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_a_step_leaves_one_record(cast, model, version, step):  # noqa: F811
    """Wherever it was: the next worker ends it rightly, once."""
    approved(cast, version(1))
    drain()
    promotion = approved(cast, version(2))
    job = job_of(promotion)
    assert worker(job, step) == -signal.SIGKILL
    assert alias(model) == ("1" if step in ("taken", "before") else "2")
    promotion.refresh_from_db()
    recorded = step == "recorded"
    assert (promotion.state, promotion.move.state) == (("done", "done") if recorded else ("approved", "moving"))
    assert len(moved_events(promotion)) == recorded
    lease_over(job)
    from portal.jobs.runner import reap

    assert reap() == 1
    assert worker(job) == 0
    promotion.refresh_from_db()
    job.refresh_from_db()
    assert (promotion.state, job.state, job.attempts) == ("done", "done", 2)
    assert alias_by_plain_client(model.name) == {"champion": "2"}
    (event,) = moved_events(promotion)
    assert event.content["before"] == {"alias": "champion", "version": 1}
    assert event.content["after"] == {"alias": "champion", "version": 2}
    assert Placement.objects.filter(promotion=promotion).count() == 1
    assert Placement.objects.filter(until=None).get().version.number == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["taken", "read"])
def test_a_worker_stopped_and_woken_later_records_nothing_and_sets_nothing(cast, model, version, step):  # noqa: F811
    """Meanwhile its move is made by another, and a later one after it."""
    first, second = approved(cast, version(1)), approved(cast, version(2))
    job = job_of(first)
    sleeper = process(job, step, "stop")
    try:
        assert sleeper.wait(stopped=True) == signal.SIGSTOP
        lease_over(job)
        assert worker(Job.objects.create(kind="move.run", params={"move": first.move.pk})) == 0
        assert worker(job_of(second)) == 0
        assert alias(model) == "2"
        os.kill(sleeper.pid, signal.SIGCONT)
        sleeper.wait()
    finally:
        sleeper.kill()
    assert alias_by_plain_client(model.name) == {"champion": "2"}
    for promotion, number in ((first, 1), (second, 2)):
        promotion.refresh_from_db()
        assert (promotion.state, promotion.move.state) == ("done", "done")
        (event,) = moved_events(promotion)
        assert event.content["after"]["version"] == number
    assert list(Placement.objects.order_by("seq").values_list("version__number", flat=True)) == [1, 2]


# A network that fails while the alias is set


@contextmanager
def failing(address: str, how: str, *, before: bool) -> Iterator[str]:
    """A server before the real one that fails when the alias is set: before it hands the request on, or after."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            bad = self.command == "POST" and self.path.endswith("/registered-models/alias")
            if not (bad and before):
                status, answer = forward(address + self.path, self.command, body, dict(self.headers))
            if bad:
                return self.fail()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = do_PATCH = handle_one

        def fail(self) -> None:
            if how == "503":
                self.send_error(503)
            elif how == "hangs":
                time.sleep(4)
            elif how == "trickles":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
                for _ in range(40):
                    self.wfile.write(b" ")
                    time.sleep(0.1)

        def log_message(self, *_args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def forward(url: str, method: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    kept = {name: value for name, value in headers.items() if name.lower() in ("content-type", "accept")}
    asked = urllib.request.Request(url, data=body or None, method=method, headers=kept)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("how", ["503", "hangs", "trickles"])
def test_a_network_that_fails_while_the_alias_is_set(cast, model, version, settings, how, before):  # noqa: F811
    """Whether it arrived or not: the next try finds out, and it is recorded once."""
    settings.REGISTRY_TIMEOUT = 1
    promotion, real = approved(cast, version(1)), model.registry.address
    with failing(real, how, before=before) as address:
        Registry.objects.filter(pk=model.registry_id).update(address=address)
        started = time.monotonic()
        again(promotion)
        assert time.monotonic() - started < 30
        promotion.refresh_from_db()
        assert (promotion.state, promotion.move.error["code"]) == ("approved", "move.retry")
        assert not moved_events(promotion)
    Registry.objects.filter(pk=model.registry_id).update(address=real)
    assert alias(model) == (None if before else "1")
    again(promotion)
    promotion.refresh_from_db()
    assert (promotion.state, promotion.move.replaced, alias(model)) == ("done", None, "1")
    assert len(moved_events(promotion)) == 1
