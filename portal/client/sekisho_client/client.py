"""The client: what a pipeline does, one method each."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sekisho_client.answers import Job, Promotion, Registered, Verdict
from sekisho_client.errors import NotAnswered, Refused, Unusable
from sekisho_client.http import Caller
from sekisho_client.texts import say

KINDS = {
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between two questions while waiting
TRIES = 4  # of a change that may be sent twice
Answer = TypeVar("Answer")


class Sekisho:
    """Sekisho as a pipeline sees it.

    Parameters
    ----------
    url : str
        Of the site, such as ``https://sekisho.example.org``.
    token : str
        With the scope of a pipeline. It decides nothing: people do, signed in.
    registry : str
        The short name of the connection; may be left out where the token sees the model in one alone.
    timeout : float
        Seconds for one request.
    """

    def __init__(self, url: str, token: str, *, registry: str = "", timeout: float = 30.0) -> None:
        self._caller = Caller(url, token, timeout)
        self._registry = registry
        self._found: dict[str, str] = {}

    # -- what changes something ------------------------------------------------------------------

    def register(self, model: str, version: int) -> Registered:
        """Have a version read from its registry now, and audited."""
        where = self._where(model, version)
        return Registered.of(_again(lambda: self._caller.post("versions/", where)))

    def push_fact(
        self,
        model: str,
        version: int,
        key: str,
        value: bool | int | float | str,
        *,
        unit: str = "",
        at: datetime | None = None,
    ) -> None:
        """Tell something of a version. `at` is when it was seen: now, if nothing is said."""
        moment = (at or datetime.now().astimezone()).isoformat()  # the same in each try
        fact = self._where(model, version) | {"key": key, "value": value, "unit": unit, "at": moment}
        try:
            _again(lambda: self._caller.post("facts/", fact))
        except ValueError as error:
            raise Unusable(say("text", given=value)) from error

    def push_evaluation(
        self, path: str | Path, *, name: str, model: str = "", role: str = "", key_columns: Iterable[str] = (), team=""
    ) -> tuple[int, tuple[int, ...]]:
        """Push a table of cases; the id of the set, and the jobs that measure and propose it."""
        path = Path(path)
        kind = KINDS.get(path.suffix.lower())
        if kind is None:
            raise Unusable(say("kind", path=path, kinds=", ".join(KINDS)))
        given = {"name": name, "team": team, "role": role, "key_columns": ",".join(key_columns)}
        given |= {"model": model, "registry": self._registry_of(model)} if model else {}
        try:
            with path.open("rb") as file:
                answer = self._caller.send("evaluation-files/", file, path.stat().st_size, kind, given)
        except OSError as error:
            raise Unusable(say("file", path=path, reason=error.strerror or error)) from error
        return answer["set"], tuple(answer["jobs"])

    def request(self, model: str, version: int, environment: str, *, reason: str = "", key: str = "") -> Promotion:
        """Ask for a promotion. The same `key` gives the same promotion, however often it is sent."""
        asked = self._where(model, version) | {"environment": environment, "reason": reason}
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        if not headers["Idempotency-Key"].isascii() or not headers["Idempotency-Key"].isprintable():
            raise Unusable(say("text", given=key))
        return Promotion.of(_again(lambda: self._caller.post("promotions/", asked, headers)))

    # -- what asks -----------------------------------------------------------------------------

    def preflight(self, model: str, version: int, environment: str) -> Verdict:
        """Would it pass? On the evidence at hand, without asking for anything."""
        return Verdict.of(self._caller.get("verdict/", **self._where(model, version), environment=environment))

    def promotion(self, promotion: int) -> Promotion:
        try:
            return Promotion.of(self._caller.get(f"promotions/{int(promotion)}/"))
        except Refused as error:
            if error.status != 404:
                raise
            raise Refused(say("absent", id=promotion), status=404, code=error.code) from error

    def job(self, job: int) -> Job:
        return Job.of(self._caller.get(f"jobs/{int(job)}/"))

    # -- what waits ----------------------------------------------------------------------------

    def wait(self, promotion: int, timeout: float, on_change: Callable[[Promotion], None] | None = None) -> Promotion:
        """Wait until a promotion is over, or the time is; what it was last."""
        return _until(lambda: self.promotion(promotion), lambda one: one.is_over, timeout, on_change)

    def wait_for_verdict(
        self,
        model: str,
        version: int,
        environment: str,
        timeout: float,
        on_change: Callable[[Verdict], None] | None = None,
    ) -> Verdict:
        """Wait while something has not been looked at; a fail is not waited for: it stays one."""

        def ask() -> Verdict:
            return self.preflight(model, version, environment)

        return _until(ask, lambda one: not one.may_change, timeout, on_change)

    def wait_for_jobs(self, jobs: Iterable[int], timeout: float) -> list[Job]:
        """Wait for jobs, and for the audits that a reading asks for; those that are over when the time is."""
        end, waiting, over = time.monotonic() + timeout, list(jobs), []
        while waiting:
            left = end - time.monotonic()
            first = waiting.pop(0)
            job = _until(lambda number=first: self.job(number), lambda one: one.is_over, left)
            if not job.is_over:
                break
            over.append(job)
            waiting += job.result.get("audits", ())
        return over

    # -- below ---------------------------------------------------------------------------------

    def _where(self, model: str, version: int) -> dict[str, object]:
        return {"registry": self._registry_of(model), "model": model, "version": int(version)}

    def _registry_of(self, model: str) -> str:
        if self._registry:
            return self._registry
        if model not in self._found:
            rows = self._caller.get("models/", name=model)["results"]
            found = sorted({row["registry"] for row in rows if row["name"] == model})
            if len(found) != 1:
                raise Unusable(say("registry", model=model, found=", ".join(found) or say("nowhere")))
            self._found[model] = found[0]
        return self._found[model]


def pauses() -> Iterator[float]:
    """Growing pauses, each a little off, so that many pipelines do not ask at one moment."""
    pause = FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.75, 1.25)
        pause = min(2 * pause, LONGEST_PAUSE)


def _again(call: Callable[[], Answer]) -> Answer:
    """A change that may be sent twice, tried anew while the server does not answer."""
    waits = pauses()
    for left in range(TRIES - 1, -1, -1):
        try:
            return call()
        except NotAnswered:
            if not left:
                raise
            time.sleep(next(waits))
    raise AssertionError("unreachable")


def _until(
    ask: Callable[[], Answer],
    enough: Callable[[Answer], bool],
    timeout: float,
    on_change: Callable[[Answer], None] | None = None,
) -> Answer:
    """Ask until the answer is enough or the time is over. A server that is away for a moment is asked again."""
    end, last, told = time.monotonic() + timeout, None, None
    for pause in pauses():
        try:
            last = ask()
        except NotAnswered:
            if time.monotonic() + pause >= end:
                raise
        else:
            if on_change and (last.state if isinstance(last, Promotion | Job) else last.sentence) != told:
                told = last.state if isinstance(last, Promotion | Job) else last.sentence
                on_change(last)
            if enough(last) or time.monotonic() + pause >= end:
                return last
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
    raise AssertionError("unreachable")
