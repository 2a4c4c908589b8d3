"""How the ledger says what happened to items of a roadmap."""

from django.urls import reverse

from portal.ledger.words import keep_within_team, register_actions, register_fields, register_subjects
from portal.message import gettext_noop

register_actions(
    {
        "roadmap.take_up": gettext_noop("Taken onto the roadmap"),
        "roadmap.change": gettext_noop("Roadmap item changed"),
        "roadmap.move": gettext_noop("Roadmap item moved"),
        "roadmap.comment": gettext_noop("Roadmap item commented on"),
        "roadmap.shown": gettext_noop("Roadmap item shown to be done"),
        "roadmap.lost": gettext_noop("Roadmap item opened again"),
    }
)
keep_within_team("roadmap.change", "roadmap.comment")
register_subjects(
    {"roadmap-item": gettext_noop("Roadmap item")},
    links={"roadmap-item": lambda identifier: reverse("roadmap-item", args=[identifier])},
)
register_fields(
    {
        "item_state": gettext_noop("State"),
        "item_state.planned": gettext_noop("Planned"),
        "item_state.doing": gettext_noop("In progress"),
        "item_state.done": gettext_noop("Done"),
        "item_state.dropped": gettext_noop("Dropped"),
        "owner": gettext_noop("Owner"),
        "due": gettext_noop("Due date"),
        "link": gettext_noop("Link to the work"),
        "comment": gettext_noop("Comment"),
        "item": gettext_noop("Item before"),
        "shown_by": gettext_noop("Shown by"),
        "shown_by.evidence": gettext_noop("Evidence"),
        "shown_by.review": gettext_noop("Review"),
    }
)
