"""A storage that sends its reader elsewhere is refused with a sentence, and nobody elsewhere is asked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from governance.actions import evaluation_sets as sets
from governance.models import EvaluationSet
from portal.message import Message
from portal.web.errors import DomainError
from tests.governance.evaluation_made import CASES, work

pytestmark = pytest.mark.django_db


class Elsewhere(BaseHTTPRequestHandler):
    """Answers everything with what would make a good table."""

    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CASES)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(CASES.encode())

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


class Redirecting(BaseHTTPRequestHandler):
    """Sends every request to another address."""

    status: int
    target: str

    def do_GET(self):
        self.send_response(self.status)
        self.send_header("Location", self.target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    running = []

    def start(handler, **facts) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), facts))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [301, 307])
@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/cases/shared/held.csv", "file:///etc/passwd", "http://169.254.169.254/latest/"]
)
def test_a_redirect_of_the_storage_is_not_followed(cast, serve, settings, status, target):
    asked: list[str] = []
    elsewhere = serve(Elsewhere, asked=asked)
    target = target.format(port=elsewhere.server_port)
    storage = serve(Redirecting, status=status, target=target)
    settings.S3_STORES = [f"http://127.0.0.1:{storage.server_port}/cases"]
    settings.S3_KEY, settings.S3_SECRET, settings.S3_REGION = "reader", "secret", "us-east-1"
    settings.REGISTRY_TIMEOUT = 2
    one = sets.create_set(team=cast.team, name="S", source="s3", place="s3://cases/shared/held.csv", by=cast.member)
    with pytest.raises(DomainError) as refused:
        work("evaluation.measure")
    assert refused.value.message.code == "set.redirected"
    assert asked == []
    one = EvaluationSet.objects.get(pk=one.pk)
    assert "does not go there" in str(Message.from_json(one.error))
    assert (one.digest, one.rows or 0, one.preview) == ("", 0, {})
