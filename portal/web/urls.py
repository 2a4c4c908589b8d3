"""Addresses of pages that belong to no area."""

from django.urls import path

from portal.web import views

urlpatterns = [path("docs/", views.docs, name="docs")]
