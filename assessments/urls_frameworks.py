"""Addresses of the pages of frameworks."""

from django.urls import path

from assessments.views import framework_drafts, framework_upgrade, frameworks

urlpatterns = [
    path("frameworks/", frameworks.frameworks, name="frameworks"),
    path("frameworks/upload/", framework_drafts.framework_upload, name="framework-upload"),
    path("frameworks/by-id/<int:pk>/", frameworks.framework_by_id, name="framework-by-id"),
    path("frameworks/<slug:key>/", frameworks.framework, name="framework"),
    path("frameworks/<slug:key>/<int:version>/", frameworks.framework, name="framework-version"),
    path("frameworks/<slug:key>/<int:version>/yaml/", frameworks.framework_yaml, name="framework-yaml"),
    path("frameworks/<slug:key>/copy/", framework_drafts.framework_copy, name="framework-copy"),
    path("frameworks/<slug:key>/draft/", framework_drafts.framework_draft, name="framework-draft"),
    path("frameworks/<slug:key>/edit/", framework_drafts.framework_edit, name="framework-edit"),
    path(
        "frameworks/<slug:key>/edit/<str:criterion_id>/",
        framework_drafts.framework_criterion,
        name="framework-criterion",
    ),
    path("frameworks/<slug:key>/publish/", framework_drafts.framework_publish, name="framework-publish"),
    path("frameworks/<slug:key>/discard/", framework_drafts.framework_discard, name="framework-discard"),
    path("frameworks/<slug:key>/retire/", framework_drafts.framework_retire, name="framework-retire"),
    path("frameworks/<slug:key>/upgrade/", framework_upgrade.framework_upgrade, name="framework-upgrade"),
]
