"""A copy of what was approved in another model: found by its mark, or made, and its files compared with those approved.

It lies in the environment's own model beside the one that was promoted, or in another registry (`transferring`).
"""

from __future__ import annotations

from collections.abc import Mapping

from governance.actions.approvals import because_of
from governance.models import ModelVersion, Move, RegisteredModel
from governance.moves.alias import holding, token_for
from governance.moves.stopping import Changed, Later
from governance.registry.records import moment
from portal.message import Message

TAG = "sekisho.move"


def make_room(move: Move, remote) -> None:
    """The model that stands for the environment is there."""
    if not remote.has_model(move.target_model.name):
        remote.create_model(move.target_model.name)


def copy(move: Move, remote) -> None:
    """Have the copy in the same registry, and know its number."""
    if not found(move, remote):
        register(move, remote, f"models:/{move.model.name}/{move.number}")


def found(move: Move, remote) -> bool:
    """Whether a copy with the approved files is there: one that bears the move's mark, or that an earlier move made."""
    from governance.registry import NotFound

    name = move.target_model.name
    for number in dict.fromkeys((*_made_before(move), *remote.marked(name, TAG, str(move.tag)))):
        try:
            digest = remote.model_files(name, number).digest
        except NotFound:
            continue
        if digest == move.promotion.version.artifact_digest:
            if not holding(move).update(target_number=number):
                raise Later(Message("move.fenced"))
            move.target_number = number
            return True
    return False


def register(move: Move, remote, source: str, *, run_id: str = "", tags: Mapping[str, str] | None = None) -> None:
    """Make the copy. MLflow numbers versions itself, so a mark tells this one from others."""
    name, mark = move.target_model.name, str(move.tag)
    token = token_for(move, "version.create", name, new=source)
    if not holding(move).exists():
        raise Later(Message("move.fenced"))
    more = {"run_id": run_id} if run_id else {}
    remote.create_version(name, source, tags={TAG: mark, **(tags or {})}, token=token, **more)
    if found(move, remote):
        return
    if remote.marked(name, TAG, mark):
        raise Changed(because_of(["artifact"]))
    raise Later(Message("move.retry", {"reason": Message("move.no-copy", {"name": name})}), failed=True)


def row_of_copy(move: Move, seen) -> ModelVersion:
    """The copy as the mirror will see it, with where it comes from; `seen` is what MLflow says of it."""
    original = move.promotion.version
    row, _made = ModelVersion.objects.get_or_create(
        model=move.target_model,
        number=move.target_number,
        defaults={
            "run_id": seen.run_id,
            "source": seen.source,
            "status": seen.status,
            "tags": dict(seen.tags),
            "registered_at": moment(seen.created),
        },
    )
    ours = {"copied_from": original, "artifact_digest": original.artifact_digest, "deleted_at": None}
    ModelVersion.objects.filter(pk=row.pk).update(**ours)
    RegisteredModel.objects.filter(pk=row.model_id).update(deleted_at=None)  # a sweep may have missed it until now
    return row


def _made_before(move: Move) -> list[int]:
    """Copies of this very version that earlier moves made there, as when one rolls back to it; the last one first."""
    copies = ModelVersion.objects.present().filter(model=move.target_model, copied_from=move.promotion.version)
    return list(copies.order_by("-number").values_list("number", flat=True))
