"""The words of the floor's own records."""

from django.urls import NoReverseMatch, reverse

from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop


def page_of(name: str):
    """How a subject's page is reached from its id."""

    def link(identifier: str) -> str:
        try:
            return reverse(name, args=[identifier])
        except NoReverseMatch:
            return ""

    return link


register_actions(
    {
        "user.create": gettext_noop("Account made"),
        "user.create_administrator": gettext_noop("Administrator made"),
        "user.invite": gettext_noop("Person invited"),
        "user.withdraw_invitation": gettext_noop("Invitation withdrawn"),
        "user.accept_invitation": gettext_noop("Invitation accepted"),
        "user.change_profile": gettext_noop("Profile changed"),
        "user.change_password": gettext_noop("Password changed"),
        "user.set_roles": gettext_noop("Roles set"),
        "user.deactivate": gettext_noop("Account shut"),
        "user.activate": gettext_noop("Account opened again"),
        "token.create": gettext_noop("Token made"),
        "token.revoke": gettext_noop("Token revoked"),
        "unit.create": gettext_noop("Unit made"),
        "team.create": gettext_noop("Team made"),
        "team.change": gettext_noop("Team changed"),
        "team.add_member": gettext_noop("Member added"),
        "team.change_member_role": gettext_noop("Member's role changed"),
        "team.remove_member": gettext_noop("Member removed"),
        "job.cancel": gettext_noop("Job cancelled"),
        "ledger.erase_text": gettext_noop("Text of a record erased"),
        "ledger.key_create": gettext_noop("Key of the ledger made"),
        "ledger.key_rotate": gettext_noop("Key of the ledger replaced"),
        "ledger.key_retire": gettext_noop("Key of the ledger retired"),
        "ledger.key_compromise": gettext_noop("Key of the ledger declared compromised"),
        "ledger.backup": gettext_noop("Backup made"),
        "ledger.restore": gettext_noop("Restored from a backup, moves held"),
        "ledger.release": gettext_noop("Moves released"),
    }
)
register_subjects(
    {
        "user": gettext_noop("Person"),
        "invitation": gettext_noop("Invitation"),
        "token": gettext_noop("API token"),
        "unit": gettext_noop("Unit"),
        "team": gettext_noop("Team"),
        "job": gettext_noop("Job"),
        "event": gettext_noop("Record"),
        "ledger-key": gettext_noop("Key of the ledger"),
        "ledger": gettext_noop("Ledger"),
    },
    links={
        "user": page_of("person"),
        "team": page_of("team"),
        "job": page_of("job"),
        "event": page_of("record"),
        "ledger-key": lambda _key: reverse("checkpoints"),
    },
)
register_fields(
    {
        "roles": gettext_noop("Roles"),
        "roles.administrator": gettext_noop("Administrator"),
        "roles.auditor": gettext_noop("Auditor"),
        "roles.reviewer": gettext_noop("Reviewer"),
        "role": gettext_noop("Role in the team"),
        "role.manager": gettext_noop("Manager"),
        "role.member": gettext_noop("Member"),
        "role.administrator": gettext_noop("Administrator"),
        "role.auditor": gettext_noop("Auditor"),
        "role.reviewer": gettext_noop("Reviewer"),
        "team": gettext_noop("Team"),
        "user": gettext_noop("Person"),
        "invitation": gettext_noop("Invitation"),
        "name": gettext_noop("Name"),
        "name_before": gettext_noop("Name before"),
        "name_after": gettext_noop("Name after"),
        "email": gettext_noop("Email address"),
        "unit": gettext_noop("Unit"),
        "visibility": gettext_noop("Results visible to"),
        "visibility.team": gettext_noop("The team only"),
        "visibility.organisation": gettext_noop("The whole organisation"),
        "holidays": gettext_noop("Holidays"),
        "holidays.none": gettext_noop("None: every weekday"),
        "language": gettext_noop("Language"),
        "language.en": "English",
        "language.ja": "日本語",
        "time_zone": gettext_noop("Time zone"),
        "active": gettext_noop("Active"),
        "scope": gettext_noop("Scope"),
        "scope.read": gettext_noop("Read"),
        "scope.write": gettext_noop("Read and change"),
        "scope.pipeline": gettext_noop("Pipeline of a team"),
        "days": gettext_noop("Days"),
        "text": gettext_noop("Text"),
        "state": gettext_noop("State"),
        "public_key": gettext_noop("Public key"),
        "replaced_by": gettext_noop("Replaced by"),
        "since_size": gettext_noop("Signs from the size"),
        "until_size": gettext_noop("Believed up to the size"),
        "state.active": gettext_noop("Active"),
        "state.retired": gettext_noop("Retired"),
        "state.compromised": gettext_noop("Compromised"),
        "reason": gettext_noop("Reason"),
        "manifest": gettext_noop("SHA-256 of the backup's manifest"),
        "log_size": gettext_noop("Records in the backup"),
        "with_keys": gettext_noop("With the private keys"),
        "backup_made": gettext_noop("Backup made at"),
        "last_seen": gettext_noop("Records when last seen"),
        "lost": gettext_noop("Records lost"),
        "epoch": gettext_noop("Epoch of the ledger"),
        "held": gettext_noop("Moves held"),
        "restore": gettext_noop("Record of the restore"),
    }
)
