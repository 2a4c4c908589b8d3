"""Addresses of the pages that show many teams at once."""

from django.urls import path

from assessments.views import compare, coverage, criteria_table, portfolio

urlpatterns = [
    path("teams/", compare.teams, name="teams"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("teams/<str:slug>/criteria/<str:form>/", criteria_table.criteria_table, name="criteria-table"),
    path("teams/<str:slug>/map/", coverage.team_map, name="team-map"),
    path("teams/<str:slug>/tools/", coverage.team_tools, name="team-tools"),
]
