"""Addresses of pages that belong to no area."""

from django.urls import path

from portal.web import due_dates, views

urlpatterns = [
    path("docs/", views.docs, name="docs"),
    path("due-date/", due_dates.due_date, name="due-date"),
]
