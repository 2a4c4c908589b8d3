"""Sentences about frameworks as records and refusals, by code."""

from django.urls import reverse

from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop, register

register_actions(
    {
        "framework.copy": gettext_noop("Framework copied"),
        "framework.upload": gettext_noop("Framework uploaded"),
        "framework.draft": gettext_noop("Next version of a framework begun"),
        "framework.edit": gettext_noop("Framework edited"),
        "framework.publish": gettext_noop("Version of a framework published"),
        "framework.discard": gettext_noop("Draft of a framework discarded"),
        "framework.retire": gettext_noop("Framework retired"),
        "framework.use": gettext_noop("Framework brought back into use"),
        "framework.upgrade": gettext_noop("Framework upgraded"),
        "assessment.migrate": gettext_noop("Assessment carried into a new version"),
    }
)
register_subjects(
    {"framework": gettext_noop("Framework")},
    links={"framework": lambda identifier: reverse("framework-by-id", args=[identifier])},
)
register_fields(
    {
        "text_digest": gettext_noop("Digest of the text"),
        "copied_from": gettext_noop("Copied from"),
        "migrated_assessments": gettext_noop("Assessments carried over"),
        "migrated_drafts": gettext_noop("Drafts carried over"),
        "migrated_from": gettext_noop("Carried over from"),
        "kept_answers": gettext_noop("Answers kept"),
        "asked_again": gettext_noop("Answers to confirm"),
        "dropped_answers": gettext_noop("Answers set aside"),
        "dropped_reviews": gettext_noop("Reviews set aside"),
    }
)
register(
    {
        "framework.conflict": gettext_noop(
            "Somebody else saved this text after you opened the page. Both texts are shown; nothing is lost."
        ),
        "framework.title": gettext_noop("Give the title in both languages."),
        "framework.key": gettext_noop("Use 2 to 60 lower-case letters, digits and hyphens; begin with a letter."),
        "framework.key_taken": gettext_noop("%(key)s is taken already. Choose another key."),
        "framework.not_copied": gettext_noop("The framework was not copied. Each field says what it lacks."),
        "framework.no_key": gettext_noop("The file has no key that can be used, so it belongs to no framework."),
        "framework.shipped": gettext_noop(
            "%(key)s comes with the product and is not changed. Copy it under another key."
        ),
        "framework.faults": gettext_noop("Not published. Things to mend: %(count)s."),
        "framework.expected": gettext_noop("%(value)s is expected here"),
        "framework.no_map": gettext_noop("there is no version before this one, so nothing can be carried over"),
        "framework.raced": gettext_noop("Somebody else did the same at this moment. Open the page again."),
        "framework.no_draft": gettext_noop("This draft was published or discarded. Open the framework again."),
        "framework.not_in_use": gettext_noop("This framework is not in use."),
        "framework.not_retired": gettext_noop("This framework is not retired."),
        "upgrade.map.renamed": gettext_noop("Renamed"),
        "upgrade.map.split": gettext_noop("Split"),
        "upgrade.map.merged": gettext_noop("Merged"),
        "upgrade.map.retired": gettext_noop("Retired"),
        "upgrade.map.tightened": gettext_noop("Tightened"),
        "upgrade.map.keep": gettext_noop("Kept as it is"),
        "upgrade.map.reconfirm": gettext_noop("To confirm again"),
        "upgrade.map.drop": gettext_noop("Set aside"),
        "framework.upgraded": gettext_noop(
            "Version %(version)s is in use. Assessments carried over: %(teams)s; drafts: %(drafts)s."
        ),
        "framework.rescoring": gettext_noop("Computing the levels of %(team)s."),
        "framework.rescored": gettext_noop("Teams whose levels were computed: %(teams)s."),
        "framework.no_upgrade": gettext_noop("No version later than the one in use is there."),
        "framework.unknown_version": gettext_noop("There is no version %(version)s of %(key)s."),
        "framework.version_number": gettext_noop("A version is a whole number."),
        "framework.unknown": gettext_noop("There is no framework %(key)s in use."),
    }
)
