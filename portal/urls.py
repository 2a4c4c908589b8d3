"""Every address of the product, by area."""

from django.urls import include, path

from portal.api import api_urls
from portal.web import health

handler400 = "portal.web.views.bad_request"
handler403 = "portal.web.views.forbidden"
handler404 = "portal.web.views.not_found"
handler500 = "portal.web.views.server_error"

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("portal.web.urls")),
    path("account/", include("portal.accounts.sign_in_urls")),
    path("", include("portal.accounts.urls")),
    path("", include("portal.ledger.urls")),
    path("", include("portal.jobs.urls")),
    path("", include("portal.inbox.urls")),
    path("", include("portal.pdf.urls")),
    path("", include("portal.operations.urls")),
    path("", include("assessments.urls")),
    path("", include("governance.urls")),
    path("api/v1/", include(api_urls)),
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
]
