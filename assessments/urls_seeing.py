"""Addresses of the pages that show many teams at once."""

from django.urls import path

from assessments.views import compare, portfolio

urlpatterns = [
    path("teams/", compare.teams, name="teams"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
]
