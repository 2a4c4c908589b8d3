"""What every test stands on: a fixed cast of people, no dispatch to a queue, and no network but loopback."""

from __future__ import annotations

import os

import pytest

from tests.databases import django_db_setup  # noqa: F401  a fixture
from tests.remembered import remembered


def pytest_ignore_collect(collection_path, config):
    """The tests on Spark need Java and an extra: they run where they are named, as in the CI's step of their own."""
    if collection_path.name == "spark" and not any("spark" in str(argument) for argument in config.args):
        return True
    return None


@pytest.fixture(autouse=True)
def _quiet(settings, tmp_path):
    settings.JOBS_DISPATCH = False
    settings.SEKISHO_HOME = tmp_path / "home"
    settings.FILES_ROOT = tmp_path / "home" / "files"
    settings.KEYS_ROOT = tmp_path / "home" / "keys"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    # Each client of a test is a site that starts anew; to read all static files for it takes longer than a page.
    settings.WHITENOISE_AUTOREFRESH = True


class Cast:
    """Two teams and one person of each role; every test knows them."""

    password = "correct horse battery"

    def __init__(self) -> None:
        from portal.accounts.models import Membership, Team, Unit, User

        def person(first: str, **fields) -> User:
            return User.objects.create_user(f"{first.lower()}@example.org", self.password, name=first, **fields)

        self.unit = Unit.objects.create(name="Retail")
        self.team = Team.objects.create(unit=self.unit, name="Credit Risk", slug="credit-risk")
        self.other_team = Team.objects.create(unit=self.unit, name="Imaging", slug="imaging")
        self.admin = person("Mori", is_administrator=True)
        self.auditor = person("Nakamura", is_auditor=True)
        self.reviewer = person("Sato", is_reviewer=True)
        self.manager = person("Ono")
        self.member = person("Ito")
        self.stranger = person("Hara")
        self.japanese = person("Suzuki", language="ja", timezone="Asia/Tokyo")
        for user, team, role in (
            (self.manager, self.team, "manager"),
            (self.member, self.team, "member"),
            (self.japanese, self.team, "member"),
            (self.stranger, self.other_team, "manager"),
        ):
            Membership.objects.create(user=user, team=team, role=role)


@pytest.fixture
@remembered
def cast(db) -> Cast:
    return Cast()


@pytest.fixture
def as_user(client):
    """`as_user(cast.manager).get(...)`: the test client, signed in."""

    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def run_jobs(django_capture_on_commit_callbacks):
    """Run everything that waits, as a worker would."""
    from portal.jobs.runner import drain

    return drain


# The same browser without windows takes two thirds of the time.
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
CHROMIUM = os.environ.get("SEKISHO_TEST_CHROMIUM") or next(filter(os.path.exists, BROWSERS), BROWSERS[-1])
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop of its own in this thread, which Django would take for an async context.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
