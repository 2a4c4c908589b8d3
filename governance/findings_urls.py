"""Addresses of findings, and of the webhooks that hasten them."""

from django.urls import path

from governance.views import findings, webhooks

urlpatterns = [
    path("findings/", findings.finding_list, name="findings"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/assign/", findings.finding_assign, name="finding-assign"),
    path("findings/<int:pk>/resolve/", findings.finding_resolve, name="finding-resolve"),
    path("connections/<slug:slug>/webhook/", webhooks.connection_webhook, name="connection-webhook"),
]
