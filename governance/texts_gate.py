"""Sentences of the gate at MLflow's server and of emergencies, and the words of their records."""

from __future__ import annotations

from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop, register

register(
    {
        "gate.no-key": gettext_noop(
            "This host has no key of the ledger to sign with. Ask where SEKISHO_KEYS lies: a worker's host has it."
        ),
        "gate.no-token": gettext_noop("No token can be signed for this: %(reason)s."),
        "gate.reason": gettext_noop("Give a reason: it is recorded."),
        "gate.in-place": gettext_noop(
            "%(model)s is in %(environments)s. Promote another version there before this is deleted or renamed."
        ),
        "gate.no-sign-in": gettext_noop(
            "The server at %(address)s tells of no accounts. Permissions need one with basic-auth."
        ),
        "gate.not-allowed": gettext_noop(
            "A token is signed for deletions, renames and stages only, not for %(action)s."
        ),
        # what the gate at a server lacks
        "gate.off": gettext_noop(
            "The server of %(registry)s has no gate: its aliases can be moved without a decision."
        ),
        "gate.problem": gettext_noop("The gate says: %(problem)s"),
        "gate.aliases-free": gettext_noop(
            "The gate does not govern %(aliases)s. Add them to SEKISHO_GOVERNED_ALIASES at the server."
        ),
        "gate.models-free": gettext_noop(
            "The gate does not govern %(models)s, which are in use. Widen SEKISHO_GOVERNED_MODELS at the server."
        ),
        "gate.environments-open": gettext_noop(
            "Versions of %(models)s can be registered without a decision. Add them to SEKISHO_ENVIRONMENT_MODELS at "
            "the server, or give the portal's account alone the right to change them."
        ),
        "gate.other-server": gettext_noop(
            "The gate takes itself for %(found)s: SEKISHO_SERVER at the server has to be %(slug)s."
        ),
        "gate.no-active-key": gettext_noop("The ledger has no key that signs, so that no token can be signed."),
        "gate.key-unknown": gettext_noop(
            "The gate does not know the key that signs now. Add %(key)s to SEKISHO_PUBLIC_KEY at the server."
        ),
        "emergency.custodians": gettext_noop("Name at least two custodians, other than who makes the kit."),
        "emergency.models": gettext_noop("Name the models that the kit is for."),
        "emergency.unknown-models": gettext_noop("The registry %(registry)s has no model %(models)s."),
        "emergency.hours": gettext_noop("A kit lasts from one hour to %(most)s hours."),
        "emergency.ended": gettext_noop("The kit is not sealed any more."),
    }
)

register_actions(
    {
        "gate.token": gettext_noop("Token signed for a change of the registry"),
        "emergency.seal": gettext_noop("Emergency kit sealed"),
        "emergency.use": gettext_noop("Emergency kit used"),
        "emergency.revoke": gettext_noop("Emergency kit withdrawn"),
    }
)
register_subjects({"emergency-kit": gettext_noop("Emergency kit")})
register_fields(
    {
        "model": gettext_noop("Model"),
        "token": gettext_noop("Token"),
        "used_at": gettext_noop("Used at the server"),
        "change": gettext_noop("Change"),
        "change.version.delete": gettext_noop("Version deleted"),
        "change.model.delete": gettext_noop("Model deleted"),
        "change.model.rename": gettext_noop("Model renamed"),
        "change.stage.set": gettext_noop("Stage set"),
        "from": gettext_noop("From"),
        "to": gettext_noop("To"),
        "ends": gettext_noop("Ends"),
        "custodians": gettext_noop("Custodians"),
        "registry": gettext_noop("Registry"),
        "models": gettext_noop("Models"),
    }
)
