"""What the environment says to the gate. What it says wrongly closes the gate, and is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .names import matches
from .tokens import key_id, read_public_key

ALIASES = "staging,production"
MODELS = "*"


@dataclass(frozen=True)
class Configuration:
    """The gate's settings.

    Parameters
    ----------
    url : str
        Where the portal is, for the link in each refusal.
    keys : tuple of bytes
        Raw public keys that may sign tokens. With none, every governed change is refused.
    aliases, models : tuple of str
        Which aliases of which models are governed; patterns as in a shell.
    closed : tuple of str
        Models that are an environment themselves: new versions of them need a token too.
    state : Path or None
        Folder of the database that holds which tokens were used. Without it no token is taken.
    server : str
        This server's name in the portal; tokens for another are refused.
    problems : tuple of str
        What is wrong with the settings, in sentences.
    """

    url: str
    keys: tuple[bytes, ...]
    aliases: tuple[str, ...]
    models: tuple[str, ...]
    closed: tuple[str, ...]
    state: Path | None
    server: str
    problems: tuple[str, ...]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Configuration:
        problems: list[str] = []
        keys = _keys(environ.get("SEKISHO_PUBLIC_KEY", ""), problems)
        folder = environ.get("SEKISHO_STATE", "").strip()
        if not folder:
            problems.append("SEKISHO_STATE is not set: no token is taken, since none could be held to one use.")
        return cls(
            url=environ.get("SEKISHO_URL", "").strip().rstrip("/"),
            keys=keys,
            aliases=_words(environ.get("SEKISHO_GOVERNED_ALIASES") or ALIASES),
            models=_words(environ.get("SEKISHO_GOVERNED_MODELS") or MODELS),
            closed=_words(environ.get("SEKISHO_ENVIRONMENT_MODELS", "")),
            state=Path(folder) if folder else None,
            server=environ.get("SEKISHO_SERVER", "").strip(),
            problems=tuple(problems),
        )

    @property
    def key_ids(self) -> list[str]:
        return [key_id(key) for key in self.keys]

    def governs(self, model: str) -> bool:
        return matches(model, self.models)

    def governs_alias(self, alias: str) -> bool:
        return matches(alias, self.aliases)

    def is_closed(self, model: str) -> bool:
        return self.governs(model) and matches(model, self.closed)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _keys(text: str, problems: list[str]) -> tuple[bytes, ...]:
    """The keys of the setting, or none of them: half of a setting that is wrong is not what was meant."""
    if not _words(text):
        problems.append("SEKISHO_PUBLIC_KEY is not set: every governed change is refused.")
        return ()
    keys = []
    for number, word in enumerate(_words(text), start=1):
        try:
            keys.append(read_public_key(word))
        except ValueError as error:
            problems.append(f"SEKISHO_PUBLIC_KEY: key {number} {error}: every governed change is refused.")
            return ()
    return tuple(keys)
