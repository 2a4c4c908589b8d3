"""Addresses of policies."""

from django.urls import path

from governance.views import policies, policy_drafts

urlpatterns = [
    path("policies/", policies.policy_list, name="policies"),
    path("policies/new/", policy_drafts.policy_new, name="policy-new"),
    path("policies/<slug:key>/draft/", policy_drafts.policy_draft, name="policy-draft"),
    path("policies/<slug:key>/draft/save/", policy_drafts.policy_draft_save, name="policy-draft-save"),
    path("policies/<slug:key>/draft/preview/", policy_drafts.policy_draft_preview, name="policy-draft-preview"),
    path("policies/<slug:key>/draft/dry-run/", policy_drafts.policy_dry_run, name="policy-dry-run"),
    path("policies/<slug:key>/draft/publish/", policy_drafts.policy_draft_publish, name="policy-draft-publish"),
    path("policies/<slug:key>/draft/discard/", policy_drafts.policy_draft_discard, name="policy-draft-discard"),
    path("policies/<slug:key>/<int:version>/", policies.policy, name="policy"),
]
