"""Who may send what changes something: the table that the matrix is held against.

A row says who may by their role; nobody, where the groups of a policy or a person's own part decide.
"""

from __future__ import annotations

ANYBODY = "anybody"  # who is signed in: their own things, or what everybody may
ALL = ("member", "manager", "reviewer", "auditor", "admin")
TEAM = ("member", "manager")
MANAGER, REVIEWER, ADMIN, NOBODY = ("manager",), ("reviewer",), ("admin",), ()

MAY: dict[str, tuple[str, ...]] = {}


def _row(who: tuple[str, ...], *names: str) -> None:
    assert not MAY.keys() & set(names), "an address stands in one row"
    MAY.update(dict.fromkeys(names, who))


# oneself
_row((ANYBODY,), "profile", "tokens", "inbox-read-all", "notifications", "deputies")
_row(("member",), "token-revoke", "inbox-read")
# people and teams
_row(ADMIN, "invitation-new", "invitation-withdraw", "unit-new", "people-team-new", "person-roles", "person-account")
_row((*MANAGER, *ADMIN), "team-settings", "team-member-add", "team-member-role", "team-member-remove")
# records and jobs
_row(("auditor", *ADMIN), "records-verify")
_row(ADMIN, "record-text-erase")
_row((*TEAM, *ADMIN), "job-cancel", "api-job-cancel")
# reports: whoever sees it
_row(ALL, "team-report", "campaign-report", "version-report")
# maturity
_row(TEAM, "assessment-start", "assessment-unchanged", "assessment-offline")
_row(TEAM, "criterion", "attach", "assessment-file-remove", "api-assessment-answer")
_row(MANAGER, "assessment-delegate", "delegation-take-back", "team-pulse-open", "team-pulse-close")
_row((ANYBODY,), "assessments-together", "assessments-together-unchanged", "assessments-together-check")
_row(ADMIN, "framework-upload", "framework-copy", "framework-draft", "framework-criterion")
_row(ADMIN, "framework-retire", "framework-upgrade", "api-framework-upgrade")
_row(TEAM, "milestones", "milestone-remove", "contradiction", "team-pulse-answer")
_row(("reviewer", "auditor"), "contradiction-mistaken")
_row((*MANAGER, *ADMIN), "campaign-new", "campaign-close")
_row(REVIEWER, "review-evidenced", "review-sign", "review-send-back", "review-criterion")
_row(REVIEWER, "api-assessment-review", "api-assessment-sign")
_row(TEAM, "roadmap-take", "roadmap-item", "roadmap-item-move")
_row(ALL, "roadmap-item-comment")
# approvals
_row(ADMIN, "groups", "group-member-add", "group-member-remove")
_row(NOBODY, "promotion-waive", "version-checklist-sign")
_row(ALL, "promotion-discussion")
_row(TEAM, "promotion-new", "promotion-withdraw", "promotion-resubmit", "promotion-retry")
_row(REVIEWER, "promotion-decide")
# what models are judged on
_row((*TEAM, *ADMIN), "evaluation-set-new", "evaluation-set-change", "evaluation-set-measure", "evaluation-set-end")
_row((*TEAM, *ADMIN), "model-data", "model-columns", "model-data-release", "model-profile")
_row((*TEAM, "reviewer", "admin"), "version-audit", "profile-change-refuse")
_row((ANYBODY,), "api-audit-request", "api-evaluation-files", "api-facts", "api-versions", "api-promotions")
_row((ANYBODY,), "api-policy-check", "api-policy-dry-run")
# by a person's own part: who signed ends it; a softer profile needs a reviewer
_row(REVIEWER, "profile-change-agree", "waiver-end", "version-checklist-withdraw")
_row((*TEAM, *ADMIN), "profile-change-withdraw")
_row(TEAM, "deputy-end")
_row(MANAGER, "assessment-discard", "assessment-check")
_row(("stranger", "manager", "reviewer", "auditor", "admin"), "portfolio-report")  # the stranger manages another team
# not there in this world: nobody answers apart, no tools, no framework being edited that this key names
_row(
    NOBODY, "assessment-apart-done", "team-tools", "targets", "framework-discard", "framework-edit", "framework-publish"
)
# what is watched, connections, policies
_row((*TEAM, *ADMIN), "finding-assign")
_row(REVIEWER, "finding-resolve")
_row(
    ADMIN,
    "connection-webhook",
    "kit-withdraw",
    "connection-new",
    "connection-remove",
    "connection-change",
    "connection-test",
    "connection-mirror",
)
_row(ADMIN, "data-connection-new", "data-connection", "interpreter-new", "interpreter-check", "interpreter-remove")
_row(ADMIN, "sandbox-try", "policy-new", "policy-draft-save", "policy-draft-preview", "policy-draft-discard")
_row(NOBODY, "policy-draft-publish")
# environments, and what is past the gates
_row(ADMIN, "environment-place", "environment-place-remove", "hold-release")
_row((*TEAM, "reviewer"), "model-rollback")
_row(("auditor", *ADMIN), "pack-make")
_row(NOBODY, "promotion-rule", "promotion-break-glass", "promotion-break-glass-second")

WRITE, PIPELINE = ("write",), ("write", "pipeline")
TOKENS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("api-versions", "api-facts", "api-evaluation-files", "api-promotions"), PIPELINE),
    **dict.fromkeys(("api-audit-request", "api-job-cancel", "api-policy-check", "api-policy-dry-run"), WRITE),
    # Of maturity, not of promotions: answers, and what reviewers found of them.
    **dict.fromkeys(("api-assessment-answer", "api-assessment-review", "api-assessment-sign"), WRITE),
    "api-framework-upgrade": WRITE,
}
