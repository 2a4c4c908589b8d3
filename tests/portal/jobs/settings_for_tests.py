"""The product's settings and the tests' kinds of job, for worker processes under test."""

from portal.settings import *  # noqa: F403
from portal.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.portal.jobs.kinds_for_tests"]
