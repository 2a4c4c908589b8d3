"""The titles of environments, gates and groups of approvers, for whoever reads their keys."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from governance.in_force import environments, gates_in_force, in_force, parsed
from governance.models import ApproverGroup, GateException, Policy
from governance.policy.words import both
from governance.texts_findings import KINDS
from portal.ledger.words import name_values, register_labels
from portal.web.names import register_titles, title_of
from portal.web.say import localised

Title = dict[str, str]


def environment_titles() -> dict[str, Title]:
    """Environment → its title by the policies in force."""
    return {key: both(environment.title) for key, environment in environments().items()}


def group_titles() -> dict[str, Title]:
    """Group that administrators keep → its name."""
    return {group.key: group.title for group in ApproverGroup.objects.only("key", "name_en", "name_ja")}


def gate_titles(places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Title]:
    """Environment and gate, as exceptions name it → its title; by the last policy that had it where it is gone."""
    wanted, found = set(places), {}
    if wanted:
        _find(wanted, in_force(), found)
    if wanted - found.keys():
        _find(wanted - found.keys(), Policy.objects.order_by("-published_at", "-pk").iterator(), found)
    return found


def gates_named(rows: Iterable[GateException]) -> list[tuple[GateException, Title | str]]:
    """Exceptions, each with the title of its gate; with the gate's id where no policy ever had it."""
    rows = list(rows)
    titles = gate_titles((row.environment, row.gate) for row in rows)
    return [(row, titles.get((row.environment, row.gate), row.gate)) for row in rows]


def _in_records() -> dict[str, Title]:
    """Gate → its title in the policies in force, for records, which tell the environment beside it."""
    return {gate.id: both(gate.title) for gate in gates_in_force()}


def _find(wanted: set[tuple[str, str]], policies: Iterable[Policy], found: dict[tuple[str, str], Title]) -> None:
    """A gate that shares its id with one of another policy goes by the policy's key before it."""
    for policy in policies:
        for place, environment in parsed(policy.text).environments.items():
            for gate in environment.gates:
                for name in (gate.id, f"{policy.key}/{gate.id}"):
                    if (place, name) in wanted:
                        found.setdefault((place, name), both(gate.title))
        if wanted <= found.keys():
            return


# -- labels of records, jobs and notices ----------------------------------------------------------------------


def _finding(label: str) -> str:
    kind, _colon, about = label.partition(": ")
    word = _(KINDS[kind]) if kind in KINDS else kind
    return _("%(kind)s: %(about)s") % {"kind": word, "about": about} if about else word


def _group(label: str) -> str:
    return localised(title_of("approver_group", label))


def _promotion(label: str) -> str:
    version, arrow, key = label.rpartition(" → ")
    return f"{version}{arrow}{localised(title_of('environment', key))}" if arrow else label


def _period(label: str) -> str:
    key, space, days = label.partition(" ")
    return f"{localised(title_of('environment', key))}{space}{days}"


register_titles("environment", environment_titles)
register_titles("approver_group", group_titles)
register_titles("gate", _in_records)
register_labels({"approver-group": _group, "finding": _finding, "promotion": _promotion, "period": _period})
name_values({"environment": "environment", "group": "approver_group"})
name_values(dict.fromkeys(("waived_gate", "ruled_gate", "check"), "gate"))
