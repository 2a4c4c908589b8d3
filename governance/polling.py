"""What one poll reads: a handful of calls, whatever the registry holds.

No Django here: it takes a connection and what is wanted, so that it can be measured beside a full read.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from governance.reconcile_rules import Placed, Seen, SeenRun, SeenVersion

RUNS_A_POLL = 100  # a server spends a millisecond or more on each run that it hands out


@dataclass(frozen=True)
class News:
    """All models, and the versions that are new, were updated, or stand somewhere.

    `gone` are those that stand somewhere and that the server says it has not.
    """

    models: tuple[Any, ...]
    versions: tuple[Any, ...]
    gone: tuple[tuple[str, int], ...]
    seen: Seen
    watermark: int


def read_news(remote, watermark: int, placed: Iterable[Placed], experiments: Collection[str]) -> News:
    """Read what is new since a watermark, and what stands somewhere.

    Which runs were deleted is asked of all behind what is placed; the numbers of more than `RUNS_A_POLL` are read of
    so many at random, and of all by a sweep.

    Parameters
    ----------
    remote : Connection
    watermark : int
        MLflow's time of the newest update that was seen, in milliseconds.
    placed : iterable of Placed
    experiments : collection of str
        Those of the runs behind what is placed.
    """
    placed = tuple(placed)
    runs_wanted = sorted({one.run_id for one in placed if one.run_id})
    models = [model for model in remote.models() if not model.is_prompt]
    latest = remote.latest_versions(watermark)
    names = {model.name for model in models}
    found = {(v.model, int(v.version)): v for v in latest if v.model in names}
    unseen = sorted({one.run_id for one in placed if one.run_id and (one.model, one.number) not in found})
    of_runs = remote.versions_of_runs(unseen) if unseen else []
    found |= {(v.model, int(v.version)): v for v in of_runs if v.model in names}
    gone = []
    for one in {(one.model, one.number): one for one in placed if one.model in names}:
        if one not in found:  # not in any list: without a run, made anew from another, or gone
            if version := _asked_for(remote, *one):
                found[one] = version
            else:
                gone.append(one)
    chosen = random.sample(runs_wanted, min(RUNS_A_POLL, len(runs_wanted)))
    runs = runs_of(remote, chosen, experiments)
    rest = set(runs_wanted).difference(chosen)
    deleted = remote.deleted_runs_in(sorted(rest), experiments) if rest and experiments else {}
    newest = max((version.updated for version in latest), default=watermark)
    seen = seen_of(models, found.values(), gone, runs | deleted, [*chosen, *deleted])
    return News(tuple(models), tuple(found.values()), tuple(gone), seen, max(watermark, newest))


def runs_of(remote, wanted: Iterable[str], experiments: Collection[str]) -> dict[str, Any]:
    """Runs by id. What the experiments that are known do not hold is looked for in all before it counts as gone."""
    wanted = [one for one in wanted if one.isalnum()]
    found = remote.runs_in(wanted, experiments) if wanted and experiments else {}
    missing = [one for one in wanted if one not in found]
    return found | (remote.runs(missing) if missing else {})


def seen_of(models, versions, gone, runs, runs_wanted) -> Seen:
    """What was read, as the rules compare it. Runs that were asked for and did not come are gone."""
    return Seen(
        aliases={model.name: {alias: int(number) for alias, number in model.aliases.items()} for model in models},
        versions={(v.model, int(v.version)): _version(v) for v in versions} | dict.fromkeys(gone),
        runs={one: _run(runs[one]) if one in runs else None for one in runs_wanted if one.isalnum()},
    )


def _asked_for(remote, name: str, number: int):
    from governance.registry import NotFound

    try:
        return remote.version(name, number)
    except NotFound:
        return None


def _version(version) -> SeenVersion:
    tags = dict(version.tags)
    return SeenVersion(version.model, int(version.version), version.run_id, version.created, tags)


def _run(run) -> SeenRun:
    """Numbers as the mirror keeps them: JSON has no NaN."""
    return SeenRun(run.lifecycle == "deleted", run.storable_metrics)
