"""Addresses of the pages that show many teams at once."""

from django.urls import path

from assessments.views import compare

urlpatterns = [
    path("teams/", compare.teams, name="teams"),
]
