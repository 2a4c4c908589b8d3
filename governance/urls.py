"""Addresses of connections, models, versions, promotions and policies."""

from django.urls import path

from governance import reports
from governance.areas import modules
from governance.views import (
    audits,
    by_id,
    compare,
    connections,
    gate,
    interpreters,
    models,
    profiles,
    promotions,
    sandbox,
    versions,
)

urlpatterns = [
    *reports.urlpatterns,
    # Areas with addresses of their own, such as evaluation_urls.
    *(address for area in modules("governance", ends="_urls") for address in area.urlpatterns),
    # What records link to: they hold an id, and pages are named by more.
    path("by-id/connections/<int:pk>/", by_id.connection, name="connection-by-id"),
    path("by-id/versions/<int:pk>/", by_id.version, name="version-by-id"),
    path("by-id/policies/<int:pk>/", by_id.policy, name="policy-by-id"),
    path("connections/", connections.connection_list, name="connections"),
    path("connections/new/", connections.connection_new, name="connection-new"),
    path("connections/<slug:slug>/", connections.connection, name="connection"),
    path("connections/<slug:slug>/change/", connections.connection_change, name="connection-change"),
    path("connections/<slug:slug>/remove/", connections.connection_remove, name="connection-remove"),
    path("connections/<slug:slug>/test/", connections.connection_test, name="connection-test"),
    path("connections/<slug:slug>/mirror/", connections.connection_mirror, name="connection-mirror"),
    path("connections/<slug:slug>/gate/", gate.connection_gate, name="connection-gate"),
    path("connections/<slug:slug>/gate/<int:pk>/withdraw/", gate.kit_withdraw, name="kit-withdraw"),
    path("interpreters/", interpreters.interpreter_list, name="interpreters"),
    path("interpreters/new/", interpreters.interpreter_new, name="interpreter-new"),
    path("interpreters/<int:pk>/", interpreters.interpreter, name="interpreter"),
    path("interpreters/<int:pk>/check/", interpreters.interpreter_check, name="interpreter-check"),
    path("interpreters/<int:pk>/remove/", interpreters.interpreter_remove, name="interpreter-remove"),
    path("models/", models.model_list, name="models"),
    path("models/<int:pk>/", models.model, name="model"),
    path("models/<int:pk>/profile/", profiles.profile, name="model-profile"),
    path("models/<int:pk>/compare/", compare.version_compare, name="model-compare"),
    path("models/<int:pk>/versions/<int:number>/", versions.version, name="version"),
    path("models/<int:pk>/versions/<int:number>/lineage/", audits.lineage, name="version-lineage"),
    path("models/<int:pk>/versions/<int:number>/fairness/", audits.fairness, name="version-fairness"),
    path("models/<int:pk>/versions/<int:number>/explanation/", audits.explanation, name="version-explanation"),
    path("models/<int:pk>/versions/<int:number>/performance/", audits.performance, name="version-performance"),
    path("models/<int:pk>/versions/<int:number>/drift/", audits.drift, name="version-drift"),
    path("models/<int:pk>/versions/<int:number>/safety/", audits.safety, name="version-safety"),
    path("models/<int:pk>/versions/<int:number>/audit/", versions.version_audit, name="version-audit"),
    path("models/<int:pk>/versions/<int:number>/promote/", promotions.promotion_new, name="promotion-new"),
    path("promotions/", promotions.promotion_list, name="promotions"),
    path("promotions/<int:pk>/", promotions.promotion, name="promotion"),
    path("promotions/<int:pk>/decide/", promotions.decide, name="promotion-decide"),
    path("promotions/<int:pk>/withdraw/", promotions.withdraw, name="promotion-withdraw"),
    path("promotions/<int:pk>/resubmit/", promotions.resubmit, name="promotion-resubmit"),
    path("promotions/<int:pk>/retry/", promotions.retry, name="promotion-retry"),
    path("sandbox/", sandbox.sandbox, name="sandbox"),
    path("sandbox/try/", sandbox.sandbox_try, name="sandbox-try"),
]
