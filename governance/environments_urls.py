"""Addresses of environments: what stands where, and the way back."""

from django.urls import path

from governance.views import environments, moves, on_date, rollback

urlpatterns = [
    path("environments/", environments.environment_list, name="environments"),
    path("environments/<slug:key>/<slug:slug>/", environments.environment_place, name="environment-place"),
    path(
        "environments/<slug:key>/<slug:slug>/remove/",
        environments.environment_place_remove,
        name="environment-place-remove",
    ),
    path("moves/", moves.move_list, name="moves"),
    path("models/<int:pk>/on/", on_date.model_on, name="model-on"),
    path("models/<int:pk>/rollback/", rollback.model_rollback, name="model-rollback"),
]
