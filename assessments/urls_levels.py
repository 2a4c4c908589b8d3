"""Addresses around a team's levels: why, contradictions, targets, milestones, position."""

from django.urls import path

from assessments.views import contradictions, levels

urlpatterns = [
    path("teams/<str:slug>/levels/", levels.explained, name="levels-explained"),
    path("teams/<str:slug>/targets/", levels.targets, name="targets"),
    path("teams/<str:slug>/milestones/", levels.milestones, name="milestones"),
    path("milestones/<int:pk>/remove/", levels.milestone_remove, name="milestone-remove"),
    path("teams/<str:slug>/position.json", levels.position, name="position"),
    path("teams/<str:slug>/contradictions/", contradictions.contradictions, name="contradictions"),
    path("contradictions/<int:pk>/", contradictions.contradiction, name="contradiction"),
    path("contradictions/<int:pk>/mistaken/", contradictions.mistaken, name="contradiction-mistaken"),
]
