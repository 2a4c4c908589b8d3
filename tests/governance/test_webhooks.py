"""A webhook is a hint: genuine, fresh and new, it asks for a poll; anything else is refused and changes nothing."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Registry, WebhookDelivery
from governance.webhooks import FRESH, LONGEST, forget_deliveries, is_genuine, make_secret, signature
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.web.errors import Forbidden
from tests.governance import factories as make

BODY = b'{"entity": "model_version_alias", "action": "created", "data": {"alias": "champion", "version": "9"}}'


def headers(secret: str, delivery: str = "d1", at: float | None = None, body: bytes = BODY) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    return {
        "X-MLflow-Delivery-Id": delivery,
        "X-MLflow-Timestamp": stamp,
        "X-MLflow-Signature": signature(secret, delivery, stamp, body),
    }


def test_a_signature_is_what_mlflow_computes():
    from mlflow.webhooks.delivery import _generate_hmac_signature

    assert signature("s", "d", "1700000000", BODY) == _generate_hmac_signature("s", "d", "1700000000", BODY.decode())


@pytest.mark.parametrize("now", [1000 - FRESH - 1, 1000 + FRESH + 1])
def test_what_is_not_of_these_minutes_is_not_genuine(now):
    given = {"given": signature("s", "d", "1000", b""), "delivery": "d", "timestamp": "1000", "body": b""}
    assert is_genuine("s", now=1000, **given)
    assert not is_genuine("s", now=now, **given)


@pytest.mark.parametrize(
    "change",
    [
        {"delivery": ""},
        {"delivery": "x" * 201},
        {"timestamp": ""},
        {"timestamp": "1000.5"},
        {"timestamp": "９９"},
        {"timestamp": "-1"},
        {"timestamp": "9" * 400},
        {"given": ""},
        {"given": "v1,é"},
        {"body": b"other"},
    ],
)
def test_no_other_form_is_genuine(change):
    given = {"given": signature("s", "d", "1000", b""), "delivery": "d", "timestamp": "1000", "body": b""}
    assert not is_genuine("s", now=1000, **(given | change))


def test_without_a_secret_nothing_is_genuine():
    given = {"given": signature("", "d", "1000", b""), "delivery": "d", "timestamp": "1000", "body": b""}
    assert not is_genuine("", now=1000, **given)


@pytest.fixture
def hook(cast):
    registry = make.make_registry()
    secret = make_secret(registry=registry, by=cast.admin)
    address = reverse("api-hook", args=[registry.slug])

    def post(signed_with: str = secret, body: bytes = BODY, **more):
        given = headers(signed_with, **more)
        return Client(enforce_csrf_checks=True).post(address, body, "application/json", headers=given).status_code

    return post


@pytest.mark.django_db
class TestDeliveries:
    def test_a_delivery_asks_for_a_poll_once(self, hook):
        assert hook() == 204
        assert hook() == 204  # MLflow tries again under the same id
        job = Job.objects.get()
        assert (job.kind, job.params) == ("registry.poll", {"registry": Registry.objects.get().pk})
        assert WebhookDelivery.objects.count() == 1

    def test_many_deliveries_are_one_poll(self, hook):
        for number in range(5):
            assert hook(delivery=f"d{number}") == 204
        assert Job.objects.count() == 1

    def test_nothing_of_what_it_says_is_kept(self, hook):
        hook()
        assert "champion" not in str(list(Job.objects.values()) + list(WebhookDelivery.objects.values()))

    def test_others_are_refused_and_change_nothing(self, hook):
        before = Event.objects.count()
        assert hook("another secret") == 401
        assert hook(at=time.time() - 3600) == 401
        assert hook(body=b"x" * (LONGEST + 1)) == 413
        address = reverse("api-hook", args=["no-such"])
        assert Client().post(address, BODY, "application/json", headers=headers("")).status_code == 401
        assert Client().get(address).status_code == 405
        Registry.objects.update(enabled=False)
        assert hook() == 401
        assert (Job.objects.count(), WebhookDelivery.objects.count(), Event.objects.count()) == (0, 0, before)

    def test_a_new_secret_ends_the_old_one(self, cast, hook):
        make_secret(registry=Registry.objects.get(), by=cast.admin)
        assert hook() == 401

    def test_the_secret_is_shown_once_to_an_administrator(self, cast, as_user):
        registry = make.make_registry()
        address = reverse("connection-webhook", args=[registry.slug])
        for user, status in ((cast.member, 403), (cast.auditor, 403), (cast.reviewer, 403)):
            assert as_user(user).post(address).status_code == status
        with pytest.raises(Forbidden):
            make_secret(registry=registry, by=cast.auditor)
        page = as_user(cast.admin).post(address)
        from governance.webhooks import secret_of

        registry.refresh_from_db()
        secret = secret_of(registry)
        assert secret
        assert secret in page.content.decode()
        assert secret not in as_user(cast.admin).get(address).content.decode()
        assert secret not in str(list(Event.objects.values_list("body", flat=True)))

    def test_ids_that_would_be_too_old_are_forgotten(self, hook):
        hook()
        assert forget_deliveries() == 0
        WebhookDelivery.objects.update(at="2020-01-01T00:00:00Z")
        assert forget_deliveries() == 1

    @pytest.mark.parametrize(
        ("known", "address"),
        [("", "http://portal.example.org/"), ("https://sekisho.example.org", "https://sekisho.example.org/")],
    )
    def test_the_address_is_the_one_that_is_set_or_that_was_asked(self, cast, as_user, settings, known, address):
        settings.KNOWN_URL, settings.ALLOWED_HOSTS = known, ["portal.example.org"]
        slug = make.make_registry().slug
        page = as_user(cast.admin).get(reverse("connection-webhook", args=[slug]), HTTP_HOST="portal.example.org")
        shown = page.content.decode()
        assert f"<code>{address[:-1]}{reverse('api-hook', args=[slug])}</code>" in shown
        assert ":8000" not in shown
        assert ("http,https" in shown) == address.startswith("http:")
