"""``sekisho``: for the scripts of pipelines.

Exit codes: 0 it passes (or was done), 1 it does not, 2 it is not known, 3 an error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from sekisho_client.answers import Promotion, Verdict
from sekisho_client.client import Sekisho
from sekisho_client.errors import SekishoError, Unusable
from sekisho_client.texts import say, shown

PASS, FAIL, NOT_KNOWN, ERROR = range(4)
SECONDS = {"s": 1, "m": 60, "h": 3600}
MARKS = {"pass": "ok", "fail": "NO", "inconclusive": "??", "not_evaluated": "..", "not_applicable": "--"}


class _Parser(argparse.ArgumentParser):
    """Wrong words are an error (3): argparse's own code, 2, says here that something is not known."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(ERROR, f"{self.prog}: {shown(message)}\n")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = parser().parse_args(words)
    try:
        sekisho = Sekisho(
            os.environ.get("SEKISHO_URL", "") if given.url is None else given.url,
            os.environ.get("SEKISHO_TOKEN", "").strip(),
            registry=os.environ.get("SEKISHO_REGISTRY", "") if given.registry is None else given.registry,
        )
        return given.run(sekisho, given)
    except SekishoError as error:
        print(f"sekisho: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        return ERROR


def parser() -> argparse.ArgumentParser:
    top = _Parser(prog="sekisho", description="Registers versions, tells facts, and asks whether a version may go.")
    top.add_argument("--url", help="address of Sekisho; else SEKISHO_URL")
    top.add_argument("--registry", help="short name of the connection; else SEKISHO_REGISTRY")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, help: str, *, of_version: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help, description=help)
        one.set_defaults(run=run)
        if of_version:
            one.add_argument("what", metavar="MODEL/VERSION")
        return one

    one = command("register", _register, "have a version read and audited now")
    one.add_argument("--wait", default="0s", help="for the audits: 90s, 40m, 2h")
    one = command("fact", _fact, "tell a fact of a version")
    one.add_argument("key")
    one.add_argument("value", help="a number, true, false, or a text")
    one.add_argument("--unit", default="")
    one.add_argument("--at", type=datetime.fromisoformat, help="when it was seen, such as 2026-11-21T18:00:00+09:00")
    one = command("evaluation", _evaluation, "push a table of cases", of_version=False)
    one.add_argument("file")
    one.add_argument("--name", required=True)
    one.add_argument("--model", default="", help="propose that this model be judged on it")
    one.add_argument("--role", default="", choices=("", "gold", "sensitive", "training", "reference"))
    one.add_argument("--key-columns", default="", help="with commas")
    one = command("preflight", _preflight, "would it pass?")
    one.add_argument("--to", required=True, metavar="ENVIRONMENT")
    one.add_argument("--wait", default="0s", help="while something is not evaluated yet: 90s, 40m, 2h")
    one.add_argument("--json", action="store_true", help="the whole document")
    one = command("request", _request, "ask for a promotion")
    one.add_argument("--to", required=True, metavar="ENVIRONMENT")
    one.add_argument("--reason", default="")
    one.add_argument("--key", default="", help="the same key gives the same promotion, such as the pipeline's run")
    one.add_argument("--wait", default="0s", help="until it is over: 40m, 2h")
    one = command("wait", _wait, "wait until a promotion is over", of_version=False)
    one.add_argument("promotion", type=int)
    one.add_argument("--timeout", default="1h", dest="wait")
    return top


def _register(sekisho: Sekisho, given: argparse.Namespace) -> int:
    wait = _seconds(given.wait)
    found = sekisho.register(*_version(given.what))
    if not wait:
        print(say("registered", what=given.what))
        return PASS
    jobs = sekisho.wait_for_jobs(found.jobs, wait)
    for job in jobs:
        if job.state != "done":
            print(say("job", id=job.id, text=job.text), file=sys.stderr)
    if any(job.state != "done" for job in jobs):
        return FAIL
    expected = {*found.jobs, *(audit for job in jobs for audit in job.result.get("audits", ()))}
    if expected - {job.id for job in jobs}:
        print(say("late", waited=given.wait), file=sys.stderr)
        return NOT_KNOWN
    print(say("registered", what=given.what))
    return PASS


def _fact(sekisho: Sekisho, given: argparse.Namespace) -> int:
    value = _value(given.value)
    sekisho.push_fact(*_version(given.what), given.key, value, unit=given.unit, at=given.at)
    print(say("told", what=given.what, key=given.key, value=given.value))
    return PASS


def _evaluation(sekisho: Sekisho, given: argparse.Namespace) -> int:
    columns = [name.strip() for name in given.key_columns.split(",") if name.strip()]
    about = {"name": given.name, "model": given.model, "role": given.role, "key_columns": columns}
    found, _jobs = sekisho.push_evaluation(given.file, **about)
    print(say("pushed", name=given.name, id=found))
    return PASS


def _preflight(sekisho: Sekisho, given: argparse.Namespace) -> int:
    wait, (model, version) = _seconds(given.wait), _version(given.what)
    if wait:
        verdict = sekisho.wait_for_verdict(model, version, given.to, wait, _tell_verdict)
    else:
        verdict = sekisho.preflight(model, version, given.to)
    if given.json:
        print(json.dumps(verdict.document, ensure_ascii=True))
    else:
        print(shown(verdict.sentence))
        for reason in verdict.reasons:
            fix = f" → {shown(reason.fix)}" if reason.fix and reason.outcome != "pass" else ""
            print(f"  {MARKS.get(reason.outcome, '??')} {shown(reason.gate)}: {shown(reason.sentence)}{fix}")
    if verdict.passes:
        return PASS
    if wait and verdict.may_change:
        print(say("late", waited=given.wait), file=sys.stderr)
    return FAIL if verdict.fails else NOT_KNOWN


def _request(sekisho: Sekisho, given: argparse.Namespace) -> int:
    wait, (model, version) = _seconds(given.wait), _version(given.what)
    promotion = sekisho.request(model, version, given.to, reason=given.reason, key=given.key)
    _tell_promotion(promotion)
    return _ended(sekisho, promotion, wait, given.wait) if wait else PASS


def _wait(sekisho: Sekisho, given: argparse.Namespace) -> int:
    return _ended(sekisho, sekisho.promotion(given.promotion), _seconds(given.wait), given.wait)


def _ended(sekisho: Sekisho, promotion: Promotion, wait: float, said: str) -> int:
    promotion = sekisho.wait(promotion.id, wait, _tell_promotion)
    if not promotion.is_over:
        print(say("late", waited=said), file=sys.stderr)
        return NOT_KNOWN
    return PASS if promotion.state == "done" else FAIL


def _tell_verdict(verdict: Verdict) -> None:
    if verdict.may_change:
        print(say("waiting", text=verdict.sentence), file=sys.stderr)


def _tell_promotion(promotion: Promotion) -> None:
    print(say("asked", id=promotion.id, state=promotion.state), flush=True)


def _version(given: str) -> tuple[str, int]:
    """``model/15``; a name may hold anything but a slash at its end."""
    model, slash, number = given.rpartition("/")
    if not (model and slash and number.isascii() and number.isdigit()):
        raise Unusable(say("version", given=given))
    return model, int(number)


def _seconds(given: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([smh])", given)
    if not found:
        raise Unusable(say("wait", given=given))
    return int(found[1]) * SECONDS[found[2]]


def _value(given: str) -> bool | int | float | str:
    """As JSON would read a plain value; all else is a text."""
    if re.fullmatch(r"true|false|-?\d{1,15}|-?\d+\.\d+([eE][-+]?\d+)?", given):
        return json.loads(given)
    return given
