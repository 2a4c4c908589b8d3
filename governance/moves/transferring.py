"""A copy in another registry: the files go from server to server, and are compared before, and once they are there.

Nothing of the one server is known to the other, so that the tags say where the files come from, and a run holds them.
The run bears the move's mark: who comes after a worker that was killed sends what lacks, and makes no second version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from django.db import transaction

from governance.actions.approvals import because_of
from governance.models import Move, RegisteredModel
from governance.moves import copying
from governance.moves.alias import holding
from governance.moves.stopping import Changed, Later, Never
from governance.places import stands_for
from governance.scratch import workplace
from portal.message import Message

EXPERIMENT = "sekisho"
FOLDER = "model"
DIGEST = "sekisho.digest"
# What the run there says beside what it must: it goes along as far as that server takes it.
GIT = ("mlflow.source.git.commit", "mlflow.source.git.branch", "mlflow.source.git.repoURL")
SHORT = 250  # characters of a tag that every MLflow takes


def make_room(move: Move, remote) -> None:
    """The model is there, and is no other's: one of the same name that the mirror had not seen is left alone.

    It may have been another's when the move was decided, and be nobody's or ours by now.
    """
    there = move.target_model
    copying.make_room(move, remote)
    if there.versions.filter(copied_from__isnull=False).exists():
        return
    newest = remote.newest_version(there.name)
    anothers = newest and copying.TAG not in newest.tags and not remote.marked(there.name, copying.TAG, str(move.tag))
    with transaction.atomic():
        row = RegisteredModel.objects.select_for_update().get(pk=there.pk)
        if anothers and row.origin_id == move.model_id:
            row.origin = None
            row.save(update_fields=["origin"])
        ours = not anothers and stands_for(row, move.model)
    if not ours:
        raise Never(Message("place.taken-there", words_of(move)))


def transfer(move: Move, source, remote, report: Callable[[Message], None]) -> dict[str, list[str]]:
    """Have the copy in the other registry, and know its number; what that server did not take, for the record."""
    from governance.registry import NotFound

    try:
        if not copying.found(move, remote):
            run = _bring(move, source, remote, report)
            remote.end_run(run.run_id)
            if not copying.found(move, remote):  # files that were amended just now may be those of a version
                copying.register(move, remote, _location(run), run_id=run.run_id, tags=origin_of(move))
        return _not_taken(move, remote)
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
    needed = {copying.TAG: str(move.tag), **origin_of(move)}
    return _run_with(remote, experiment, str(move.promotion.version), needed, _git_of(move))


def _run_with(remote, experiment: str, name: str, needed: Mapping[str, str], more: Mapping[str, str]):
    """A run with all tags; where the server refuses them, with those beside the needed ones cut, and then without."""
    from governance.registry import Rejected

    for tags in (more, {key: value[:SHORT] for key, value in more.items()}) if more else ():
        try:
            return remote.create_run(experiment, name, {**needed, **tags})
        except Rejected:
            continue
    return remote.create_run(experiment, name, needed)


def _git_of(move: Move) -> dict[str, str]:
    tags = (move.promotion.version.run or {}).get("tags") or {}
    return {key: tags[key] for key in GIT if key in tags}


def _not_taken(move: Move, remote) -> dict[str, list[str]]:
    """By their names, as the record tells: tags that the run there bears cut, and those that it lacks."""
    wanted = _git_of(move)
    if not wanted:
        return {}
    runs = remote.runs_marked(remote.experiment(EXPERIMENT), copying.TAG, str(move.tag))
    if not runs:  # a copy that an earlier move has made, and told of
        return {}
    there = runs[0].tags
    told = {
        "tags_cut": [key for key, value in wanted.items() if key in there and there[key] != value],
        "tags_left_out": [key for key in wanted if key not in there],
    }
    return {name: keys for name, keys in told.items() if keys}


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
