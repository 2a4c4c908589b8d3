"""Addresses of the maturity pages."""

from django.urls import path

from assessments import reports, urls_roadmap
from assessments.views import assessment, criterion, history, team, teams

urlpatterns = [
    *reports.urlpatterns,
    *urls_roadmap.urlpatterns,
    path("teams/", teams.teams, name="teams"),
    path("teams/<str:slug>/", team.team, name="team"),
    path("teams/<str:slug>/assessment/", assessment.assessment, name="assessment"),
    path("teams/<str:slug>/assessment/start/", assessment.start, name="assessment-start"),
    path("teams/<str:slug>/assessment/discard/", assessment.discard, name="assessment-discard"),
    path("teams/<str:slug>/assessment/check/", assessment.check, name="assessment-check"),
    path("teams/<str:slug>/assessment/<str:criterion_id>/", criterion.criterion, name="criterion"),
    path("teams/<str:slug>/history/", history.history, name="team-history"),
    path("assessments/<int:pk>/", history.record, name="assessment-record"),
]
