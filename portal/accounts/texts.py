"""Messages of the floor: accounts, ledger, jobs."""

from portal.message import gettext_noop, register

register(
    {
        "accounts.forbidden": gettext_noop(
            "Your role does not allow this. Ask an administrator or the team's manager."
        ),
        "accounts.email_taken": gettext_noop("%(email)s already has an account."),
        "accounts.invitation_invalid": gettext_noop(
            "This invitation is not valid any more. Ask an administrator for a new one."
        ),
        "accounts.last_administrator": gettext_noop(
            "This is the last active administrator. Make somebody else an administrator first."
        ),
        "accounts.team_name_taken": gettext_noop("A team named %(name)s exists already. Choose another name."),
        "accounts.unit_name_taken": gettext_noop("A unit named %(name)s exists already. Choose another name."),
        "accounts.already_member": gettext_noop("%(name)s is already in this team."),
        "accounts.inactive": gettext_noop("The account of %(name)s is shut. Open it again first."),
        "accounts.nobody": gettext_noop("Nobody has an account with %(email)s. Ask an administrator to invite them."),
        "accounts.name_missing": gettext_noop("Give a name."),
        "accounts.password_weak": gettext_noop("Choose another password. %(reasons)s"),
        "accounts.time_zone_unknown": gettext_noop("%(name)s is not a time zone. Write one like Asia/Tokyo."),
        "accounts.calendar_unknown": gettext_noop(
            "There is no calendar of holidays named %(name)s. Write a country such as JP, or one of its parts: US-CA."
        ),
        "accounts.token_expiry": gettext_noop("A token lives for 1 to 365 days."),
        "accounts.scope": gettext_noop("This token may only read. Make one with the scope 'read and change'."),
        "accounts.scope_pipeline": gettext_noop(
            "A pipeline's token cannot do this. It registers versions, pushes facts and evaluation files, and asks for "
            "verdicts and promotions; people decide, signed in."
        ),
        "accounts.token_team": gettext_noop("Choose the team for which the pipeline acts."),
        "accounts.token_team_unused": gettext_noop("Only a pipeline's token is bound to a team."),
        "accounts.token_team_left": gettext_noop(
            "Whoever made this token is no longer in its team. Somebody of the team has to make another."
        ),
        "ledger.text_erased": gettext_noop("This text has been erased already."),
        "jobs.crashed": gettext_noop(
            "The job stopped with an unexpected error (%(error)s). The worker's log has the details; try again."
        ),
        "jobs.lost": gettext_noop("The worker stopped in the middle %(attempts)s times. The job was given up."),
        "jobs.unknown_kind": gettext_noop("This worker does not know the kind of job %(kind)s. Update the worker."),
        "jobs.cancelled": gettext_noop("Cancelled by a user."),
        "jobs.not_cancellable": gettext_noop("The job has already ended."),
        "jobs.waiting": gettext_noop("Waiting for a worker."),
    }
)
