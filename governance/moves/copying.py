"""A copy in the environment's own model: found by its mark, or made, and its files compared with those approved."""

from __future__ import annotations

from governance.actions.approvals import because_of
from governance.models import ModelVersion, Move
from governance.moves.alias import holding, token_for
from governance.moves.stopping import Changed, Later
from portal.message import Message

TAG = "sekisho.move"


def make_room(move: Move, remote) -> None:
    """The model that stands for the environment is there."""
    if not remote.has_model(move.target_model.name):
        remote.create_model(move.target_model.name)


def copy(move: Move, remote) -> None:
    """Have the copy, and know its number: MLflow numbers versions itself, so a mark tells this one from others."""
    name = move.target_model.name
    number = _made_before(move, remote) or remote.marked(name, TAG, str(move.tag))
    if number is None:
        source = f"models:/{move.model.name}/{move.number}"
        token = token_for(move, "version.create", name, new=source)
        if not holding(move).exists():
            raise Later(Message("move.fenced"))
        remote.create_version(name, source, tags={TAG: str(move.tag)}, token=token)
        number = remote.marked(name, TAG, str(move.tag))
    if number is None:
        raise Later(Message("move.retry", {"reason": Message("move.no-copy", {"name": name})}), failed=True)
    if remote.model_files(name, number).digest != move.promotion.version.artifact_digest:
        raise Changed(because_of(["artifact"]))
    if not holding(move).update(target_number=number):
        raise Later(Message("move.fenced"))
    move.target_number = number


def row_of_copy(move: Move, seen) -> ModelVersion:
    """The copy as the mirror will see it, with where it comes from; `seen` is what MLflow says of it."""
    original = move.promotion.version
    row, _made = ModelVersion.objects.get_or_create(
        model=move.target_model,
        number=move.target_number,
        defaults={"run_id": seen.run_id, "source": seen.source, "status": seen.status, "tags": dict(seen.tags)},
    )
    ours = {"copied_from": original, "artifact_digest": original.artifact_digest, "deleted_at": None}
    ModelVersion.objects.filter(pk=row.pk).update(**ours)
    return row


def _made_before(move: Move, remote) -> int | None:
    """A copy of this very version that an earlier move made there, as when one rolls back to it."""
    from governance.registry import NotFound

    version = move.promotion.version
    copies = ModelVersion.objects.present().filter(model=move.target_model, copied_from=version)
    for number in copies.order_by("-number").values_list("number", flat=True):
        try:
            if remote.model_files(move.target_model.name, number).digest == version.artifact_digest:
                return number
        except NotFound:
            continue
    return None
