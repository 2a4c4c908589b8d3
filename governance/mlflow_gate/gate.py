"""The decision on one request: let through, or refused with a sentence."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from .configuration import Configuration
from .rules import NEVER, Holdings, Rule
from .spent import Spent
from .tokens import HEADER, Change, Refused, covers, verify

log = logging.getLogger("sekisho.gate")

REPORT = "/ajax-api/2.0/sekisho/gate"
REPORT_FORM = "sekisho.gate/1"

REASONS = {
    "closed": "The gate of this server has no key, so that nothing governed changes here until it has one.",
    "never": "No token allows it.",
    "no-token": "It needs a decision.",
    "malformed": "The token is not one.",
    "unknown-key": "The token is signed with a key that this server does not know.",
    "bad-signature": "The token's signature does not hold.",
    "not-yet": "The token was issued in the future: compare the clocks of the two servers.",
    "expired": "The token has expired.",
    "too-long": "The token is made to live too long.",
    "other-server": "The token is for another server.",
    "other-change": "The token is for another change, or what stands there now is not what it starts from.",
    "used": "The token was used already.",
    "under-way": "Another change of it is under way.",
    "workspace": "Tokens are for the default workspace.",
    "no-state": "This server cannot hold tokens to one use, so that it takes none: see SEKISHO_STATE.",
    "unknown-route": "This version of MLflow changes the registry by a way that the gate does not know.",
    "broken": "The gate failed; the server's log says why.",
}

_WORDS = {
    "alias.set": "moving the alias {alias} of {model} to version {new}",
    "alias.delete": "removing the alias {alias} of {model}",
    "version.create": "registering this version of {model}",
    "version.delete": "deleting version {old} of {model}",
    "model.delete": "deleting {model}",
    "model.rename": "renaming {model} to {new}",
    "stage.set": "moving version {new} of {model} to the stage {alias}",
    "tag.set": "setting the tag {alias} of {model}",
    "tag.delete": "removing the tag {alias} of {model}",
}

_ASK = "Ask for the promotion, and see what it lacks,"
_BY_TOKEN = {"version.delete", "model.delete", "model.rename", "stage.set"}  # no promotion lets these through


@dataclass(frozen=True)
class Refusal:
    """Why a request does not go through; `sentence` is what the client shows."""

    code: str
    sentence: str


class Gate:
    """One server's gate; it holds no state but the table of used tokens."""

    def __init__(self, configuration: Configuration):
        self.configuration = configuration
        self.spent = Spent(configuration.state) if configuration.state else None

    def judge(
        self, rule: Rule, message: object, headers: Mapping[str, str], holdings: Holdings, *, workspace: str | None
    ) -> Refusal | str | None:
        """A refusal, or the jti of the token that was spent on the change, or None: nothing governed is asked for."""
        change = rule.read(message, holdings, self.configuration)
        if change is None:
            return None
        try:
            return self._spend(rule, message, headers, holdings, change, workspace)
        except Refused as refusal:
            log.warning("refused (%s): %s", refusal.code, change)
            return self.refusal(refusal.code, change)

    def _spend(
        self,
        rule: Rule,
        message: object,
        headers: Mapping[str, str],
        holdings: Holdings,
        change: Change,
        workspace: str | None,
    ) -> str:
        """Spend the token of a request on its change, and return its jti; or `Refused`."""
        if not self.configuration.keys:
            raise Refused("closed")
        if change.action == NEVER:
            raise Refused("never")
        token = headers.get(HEADER)
        if token is None:
            raise Refused("no-token")
        if workspace not in (None, "default"):
            raise Refused("workspace")
        grant = verify(token, self.configuration.keys, now=time.time(), server=self.configuration.server)
        if not covers(grant, change):
            raise Refused("other-change")
        if self.spent is None:
            raise Refused("no-state")
        try:
            self.spent.spend(grant, change)
            # Read again: what the token starts from may have changed until it was taken, and cannot from now on.
            if not covers(grant, rule.read(message, holdings, self.configuration) or Change(NEVER, "")):
                self.spent.finish(grant.jti, 403)
                raise Refused("other-change")
        except (OSError, sqlite3.Error) as error:
            log.error("the table of used tokens cannot be written: %s", error)
            raise Refused("no-state") from error
        log.info("let through with token %s: %s", grant.jti, change)
        return grant.jti

    def finish(self, jti: str, status: int) -> None:
        """Note how a change that was let through ended."""
        try:
            if self.spent is not None:
                self.spent.finish(jti, status)
        except (OSError, sqlite3.Error) as error:  # the change is made: it stays, and holds up the next for a minute
            log.error("the table of used tokens cannot be written: %s", error)

    def refusal(self, code: str, change: Change | None = None) -> Refusal:
        """A refusal in words, with the link to the model's page in the portal."""
        what = "this change"
        if change is not None and change.action in _WORDS:
            shown = {name: _shown(getattr(change, name)) for name in ("model", "alias", "old", "new")}
            what = _WORDS[change.action].format_map(shown)
        sentence = f"Sekisho's gate refuses {what}. {REASONS[code]}"
        if self.configuration.url:
            page = f"/models/?q={quote(change.model)}" if change is not None else "/"
            wanted = "Ask an administrator for a token; the model is" if change and change.action in _BY_TOKEN else _ASK
            sentence += f" {wanted} at {self.configuration.url}{page}"
        return Refusal(code, sentence)


def _shown(value: str | None) -> str:
    """A name as a sentence may carry it: nothing invisible, and not at full length."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value or "")
    return f"'{text[:80]}…'" if len(text) > 80 else f"'{text}'"
