"""The API's root: what each area offers, and its description."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from assessments.api import urls as assessments
from governance.api import urls as governance
from portal.accounts.api import urls as accounts
from portal.jobs.api import urls as jobs
from portal.ledger.api import urls as ledger

api_urls = [
    path("", include(accounts)),
    path("", include(ledger)),
    path("", include(jobs)),
    path("", include(assessments)),
    path("", include(governance)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    # Its script has an address of its own, since our pages run nothing inline.
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]
