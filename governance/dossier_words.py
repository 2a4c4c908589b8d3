"""Sentences of the dossier, and its glossary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from governance.models import ModelVersion, Promotion, PromotionState
from portal.message import Message
from portal.web.names import title_of
from portal.web.say import localised, say

if TYPE_CHECKING:
    from governance.dossier import Judged


def summary(version: ModelVersion, promotion: Promotion | None, judged: Judged | None) -> str:
    """What became of the version, in one sentence, and why in another."""
    if promotion is None:
        return _("Nobody has asked for a promotion of this version yet. What follows is what would be said now.")
    sentences = {
        PromotionState.OPEN: _("Version %(number)s is proposed for %(place)s; the decision is open."),
        PromotionState.APPROVED: _("Version %(number)s is approved for %(place)s and is being put in place."),
        PromotionState.DONE: _("Version %(number)s was approved for %(place)s and put in place."),
        PromotionState.SENT_BACK: _("Version %(number)s does not go to %(place)s yet: it was sent back to its team."),
        PromotionState.REFUSED: _("Version %(number)s does not go to %(place)s: it was refused."),
        PromotionState.WITHDRAWN: _("Version %(number)s does not go to %(place)s: the request was withdrawn."),
        PromotionState.FAILED: _("Version %(number)s was approved for %(place)s, but could not be put in place."),
        PromotionState.OVERTAKEN: _("Version %(number)s was approved for %(place)s, but a later one came first."),
    }
    place = localised(judged.rules.title if judged else title_of("environment", promotion.environment))
    first = sentences[PromotionState(promotion.state)] % {"number": version.number, "place": place}
    space = "" if (get_language() or "").startswith("ja") else " "
    return space.join(filter(None, (first, why(judged) if judged else "")))


def why(judged: Judged) -> str:
    """The gravest reason, without the words that speak of what may still come."""
    message = judged.verdict.message
    reason = message.params.get("reason")
    return say(reason if isinstance(reason, Message | dict) else message)


def glossary() -> list[tuple[str, Any]]:
    """The words of the dossier, for a reader who knows none of them."""
    return [
        (_("Version"), _("One trained state of a model, with a number in the registry (an MLflow server).")),
        (_("Run"), _("One training, with what the registry recorded of it: code, data, parameters, figures.")),
        (
            _("Environment"),
            _("Where a version works: development, staging, production. A name (alias) in the registry points at it."),
        ),
        (_("Promotion"), _("The request to bring a version into an environment, with its checks and its decision.")),
        (_("Policy"), _("A file of gates and approvals for an environment. A published version of it never changes.")),
        (_("Gate"), _("One requirement that an audit has to meet before a version may go.")),
        (
            _("Audit"),
            _("One examination of one version: of its origin (lineage), of fairness, of its explanation."),
        ),
        (
            _("Outcome"),
            _(
                "Pass; fail; undecided (the data cannot tell); not evaluated (nothing usable is at hand); not "
                "applicable (the policy does not ask it). Only a pass lets a version go."
            ),
        ),
        (
            _("Kind of evidence"),
            _(
                "Replayed: Sekisho ran the model itself. Computed: by Sekisho, from supplied predictions. Attested: "
                "signed by another. Declared: only said so."
            ),
        ),
        (
            _("Interval (95%)"),
            _("A range that holds the true figure in 95 of 100 such samples: the fewer cases, the wider."),
        ),
        (_("Selection rate"), _("The share of a group that the model answers with the positive value.")),
        (_("True positive rate"), _("Of those whose label is positive, the share that the model finds (recall).")),
        (_("False positive rate"), _("Of those whose label is negative, the share that the model calls positive.")),
        (_("Gap"), _("The difference between the groups with the highest and the lowest rate. The policy limits it.")),
        (_("Not judged"), _("A group with too few cases: it is shown, and never counts as a pass.")),
        (
            _("SHAP value"),
            _("How much one feature moves the model's output for one row, against the average output."),
        ),
        (_("Adds up"), _("The base value and all SHAP values of a row together give the model's output.")),
        (_("Digest"), _("A fingerprint of files or data (SHA-256): what differs in one place has another digest.")),
        (
            _("Ledger"),
            _("The list of all actions in Sekisho, numbered without a gap in the order in which they were recorded."),
        ),
    ]
