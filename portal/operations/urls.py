"""Addresses of the site's operation."""

from django.urls import path

from portal.operations import views

urlpatterns = [
    path("operations/", views.operations, name="operations"),
    path("operations/release/", views.hold_release, name="hold-release"),
]
