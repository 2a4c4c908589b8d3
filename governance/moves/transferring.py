"""A copy in another registry: the files go from server to server, and are compared before, and once they are there.

Nothing of the one server is known to the other, so that the tags say where the files come from, and a run holds them.
The run bears the move's mark: who comes after a worker that was killed sends what lacks, and makes no second version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from governance.actions.approvals import because_of
from governance.models import Move, RegisteredModel
from governance.moves import copying
from governance.moves.alias import holding
from governance.moves.stopping import Changed, Later, Never
from governance.scratch import workplace
from portal.message import Message

EXPERIMENT = "sekisho"
FOLDER = "model"
DIGEST = "sekisho.digest"
GIT = ("mlflow.source.git.commit", "mlflow.source.git.branch", "mlflow.source.git.repoURL")


def make_room(move: Move, remote) -> None:
    """The model is there, and is no other's: one of the same name that the mirror had not seen is left alone."""
    there = move.target_model
    copying.make_room(move, remote)
    if there.versions.filter(copied_from__isnull=False).exists():
        return
    newest = remote.newest_version(there.name)
    if newest and copying.TAG not in newest.tags and not remote.marked(there.name, copying.TAG, str(move.tag)):
        RegisteredModel.objects.filter(pk=there.pk, origin=move.model_id).update(origin=None)
        there.origin = None
    if there.origin_id != move.model_id:
        raise Never(Message("place.taken-there", words_of(move)))


def transfer(move: Move, source, remote, report: Callable[[Message], None]) -> None:
    """Have the copy in the other registry, and know its number."""
    from governance.registry import NotFound

    try:
        if copying.found(move, remote):
            return
        run = _bring(move, source, remote, report)
        remote.end_run(run.run_id)
        if not copying.found(move, remote):  # files that were amended just now may be those of a version
            copying.register(move, remote, _location(run), run_id=run.run_id, tags=origin_of(move))
    except NotFound as error:  # somebody removes things there meanwhile
        raise _again(error.message) from error
    except OSError as error:
        raise _again(Message("move.no-room", {"detail": error.strerror or type(error).__name__})) from error


def origin_of(move: Move) -> dict[str, str]:
    """What is said there of where the version comes from."""
    version = move.promotion.version
    said = {
        "sekisho.source.registry": version.model.registry.slug,
        "sekisho.source.model": version.model.name,
        "sekisho.source.version": str(version.number),
        "sekisho.source.run": version.run_id,
        DIGEST: version.artifact_digest,
        "sekisho.promotion": str(move.promotion_id),
    }
    return {key: value for key, value in said.items() if value}


def words_of(move: Move) -> dict[str, str]:
    return {"name": move.target_model.name, "registry": move.target_model.registry.name}


# -- below -------------------------------------------------------------------------------------------------


def _bring(move: Move, source, remote, report: Callable[[Message], None]):
    """A run there that holds the approved files, all of them and nothing else."""
    from governance.registry import tree_digest

    approved = move.promotion.version.artifact_digest
    experiment = remote.experiment(EXPERIMENT)
    runs = remote.runs_marked(experiment, copying.TAG, str(move.tag))
    run = next((run for run in runs if run.tags.get(DIGEST) == approved), None)
    there = remote.files_at(_location(run)) if run else []
    if run and tree_digest(there) == approved:
        return run
    report(Message("move.transferring", words_of(move)))
    with workplace("transfer") as folder:
        files = source.download(move.model.name, move.number, folder)
        if files.digest != approved:
            raise Changed(because_of(["artifact"]), files.digest)
        if run is None or {one.path for one in there} - {one.path for one in files.files}:
            run, there = _begin(move, remote, experiment), []
        sent = {(one.path, one.sha256) for one in there}
        lacking = [one for one in files.files if (one.path, one.sha256) not in sent]
        remote.put_files(_location(run), folder, _while_held(move, lacking))
    if tree_digest(remote.files_at(_location(run))) != approved:
        raise _again(Message("move.arrived-otherwise", words_of(move)))
    return run


def _begin(move: Move, remote, experiment: str):
    if not holding(move).exists():
        raise Later(Message("move.fenced"))
    version = move.promotion.version
    of_run = (version.run or {}).get("tags") or {}
    tags = {copying.TAG: str(move.tag), **origin_of(move), **{key: of_run[key] for key in GIT if key in of_run}}
    return remote.create_run(experiment, str(version), tags)


def _while_held(move: Move, files: Iterable) -> Iterator:
    """The files one by one, as long as no other worker has taken the move."""
    for one in files:
        if not holding(move).exists():
            raise Later(Message("move.fenced"))
        yield one


def _location(run) -> str:
    return f"{run.artifact_uri.rstrip('/')}/{FOLDER}"


def _again(reason: Message) -> Later:
    return Later(Message("move.retry", {"reason": reason}), failed=True)
