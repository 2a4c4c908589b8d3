"""Addresses of the maturity pages."""

from django.urls import path

from assessments import reports, urls_filling, urls_frameworks, urls_levels, urls_review, urls_roadmap, urls_seeing
from assessments.views import history, team

urlpatterns = [
    *reports.urlpatterns,
    *urls_filling.urlpatterns,
    *urls_frameworks.urlpatterns,
    *urls_levels.urlpatterns,
    *urls_review.urlpatterns,
    *urls_roadmap.urlpatterns,
    *urls_seeing.urlpatterns,
    path("teams/<str:slug>/", team.team, name="team"),
    path("teams/<str:slug>/history/", history.history, name="team-history"),
    path("assessments/<int:pk>/", history.record, name="assessment-record"),
]
