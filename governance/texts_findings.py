"""Sentences of findings and of webhooks, and the words of their records."""

from __future__ import annotations

from portal.ledger.texts import page_of
from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop, register

register(
    {
        "registry.polling": gettext_noop("Asking what is new."),
        # what was found
        "finding.alias_moved": gettext_noop(
            "%(alias)s of %(model)s names version %(found)s, and no decision moved it there: "
            "version %(expected)s was approved."
        ),
        "finding.alias_removed": gettext_noop(
            "%(alias)s of %(model)s is gone, and no decision removed it: version %(expected)s was approved."
        ),
        "finding.never_approved": gettext_noop(
            "%(alias)s of %(model)s names version %(found)s, which nobody approved here."
        ),
        "finding.stray_version": gettext_noop(
            "%(model)s %(number)s stands in %(environment)s, and no decision put it there."
        ),
        "finding.version_deleted": gettext_noop(
            "%(model)s %(number)s stands in %(environment)s and was deleted from the registry."
        ),
        "finding.remade": gettext_noop(
            "%(model)s %(number)s stands in %(environment)s and is another one now: "
            "it was deleted and registered again under its number."
        ),
        "finding.run_deleted": gettext_noop("The run behind %(model)s %(number)s, in %(environment)s, was deleted."),
        "finding.run_changed": gettext_noop(
            "Metrics of the run behind %(model)s %(number)s, in %(environment)s, were changed after they were read: "
            "%(names)s."
        ),
        "finding.tag_changed": gettext_noop(
            "Tags of %(model)s %(number)s, in %(environment)s, were changed in the registry: %(names)s."
        ),
        "finding.model_deleted": gettext_noop("%(model)s stands in %(environment)s and is gone from the registry."),
        "finding.model_renamed": gettext_noop(
            "%(model)s stands in %(environment)s and was given another name in the registry: %(found)s."
        ),
        "finding.artifact_changed": gettext_noop(
            "The files of %(model)s %(number)s, in %(environment)s, are not those that were approved."
        ),
        "finding.copy_differs": gettext_noop(
            "The copy %(model)s %(number)s, in %(environment)s, holds other files than those that were approved."
        ),
        "finding.gate_off": gettext_noop("The gate at %(registry)s does not hold as it should. %(reason)s"),
        "finding.kit_used": gettext_noop(
            "Emergency kit %(kit)s was opened: %(alias)s of %(model)s was set to version %(number)s. Review it."
        ),
        "finding.token_unknown": gettext_noop(
            "A token that was not signed here was used at %(registry)s: %(action)s of %(model)s, %(alias)s to %(new)s."
        ),
        # deciding
        "finding.closed": gettext_noop("This finding is settled already."),
        "finding.owner": gettext_noop("The owner has to be an active member of the team."),
        "finding.due": gettext_noop("Choose a day from today to three years ahead."),
        "finding.reason": gettext_noop("Say what was done, or why it may stay so."),
        "finding.reason-long": gettext_noop("At most %(limit)s characters."),
        "finding.resolution": gettext_noop("Say whether it was corrected or may stay so."),
        "finding.review-resolution": gettext_noop("Say whether there was good reason for the emergency."),
        "finding.unjustified": gettext_noop(
            "There was no good reason for the emergency in which %(model)s %(number)s was put in place, says review "
            "%(review)s. Decide what shall stand there."
        ),
        "finding.still-so": gettext_noop(
            "It is still so: the finding ends by itself once the registry shows it corrected."
        ),
        "finding.done-by": gettext_noop("Say who did it: somebody else has to settle what one did oneself."),
        "finding.own": gettext_noop("You did this. Somebody else has to settle it."),
        "finding.took-part": gettext_noop("You have a part in this. Somebody else has to settle it."),
        "finding.checking": gettext_noop("Reading the files of %(model)s %(number)s."),
        "finding.no-digest": gettext_noop("No digest was kept when %(model)s %(number)s was approved."),
        # webhooks
        "webhook.refused": gettext_noop("The delivery's signature is not the registry's."),
    }
)

register_subjects({"finding": gettext_noop("Finding")}, links={"finding": page_of("finding")})
register_actions(
    {
        "finding.open": gettext_noop("Finding opened"),
        "finding.change": gettext_noop("Finding changed"),
        "finding.end": gettext_noop("Finding ended: it is not so any more"),
        "finding.assign": gettext_noop("Finding assigned"),
        "finding.resolve": gettext_noop("Finding settled"),
        "registry.webhook_secret": gettext_noop("Webhook's secret made"),
    }
)
KINDS = {
    "alias_moved": gettext_noop("Alias moved"),
    "alias_removed": gettext_noop("Alias removed"),
    "never_approved": gettext_noop("Never approved"),
    "stray_version": gettext_noop("Version that nobody put there"),
    "version_deleted": gettext_noop("Version deleted"),
    "remade": gettext_noop("Version made anew"),
    "run_deleted": gettext_noop("Run deleted"),
    "run_changed": gettext_noop("Run changed"),
    "tag_changed": gettext_noop("Tags changed"),
    "model_deleted": gettext_noop("Model deleted"),
    "model_renamed": gettext_noop("Model renamed"),
    "artifact_changed": gettext_noop("Files changed"),
    "copy_differs": gettext_noop("Copy differs"),
    "gate_off": gettext_noop("Gate does not hold"),
    "token_unknown": gettext_noop("Unknown token used"),
    "condition": gettext_noop("Condition of an approval"),
    "review": gettext_noop("Review after an emergency"),
    "unjustified": gettext_noop("Emergency without good reason"),
    "not_passing": gettext_noop("Would not pass today"),
}
register_fields(
    {
        "finding_kind": gettext_noop("Kind of finding"),
        **{f"finding_kind.{kind}": word for kind, word in KINDS.items()},
        "finding_state": gettext_noop("State"),
        "finding_state.open": gettext_noop("Not settled"),
        "finding_state.resolved": gettext_noop("Settled"),
        "severity": gettext_noop("Severity"),
        "severity.low": gettext_noop("Low"),
        "severity.high": gettext_noop("High"),
        "severity.critical": gettext_noop("Critical"),
        "resolution.corrected": gettext_noop("Corrected"),
        "resolution.accepted": gettext_noop("Accepted"),
        "resolution.reviewed": gettext_noop("Reviewed"),
        "resolution.justified": gettext_noop("Justified"),
        "resolution.unjustified": gettext_noop("Not justified"),
        "resolution.ended": gettext_noop("Not so any more"),
        "found": gettext_noop("Found"),
        "done_by": gettext_noop("Done by"),
    }
)
