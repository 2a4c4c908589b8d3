"""The result of an explanation audit, and its JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from governance.engine.explanation.association import PROXY_ASSOCIATION, PROXY_SHARE, Association
from governance.engine.explanation.comparison import Attributed, Comparison
from governance.engine.explanation.importance import TOP, TOP_SHARE, Importance
from governance.engine.explanation.stability import Stability
from portal.message import Message

if TYPE_CHECKING:
    pass

SCHEMA = "sekisho.explanation/1"
PASS, FAIL, INCONCLUSIVE, NOT_EVALUATED = "pass", "fail", "inconclusive", "not_evaluated"


@dataclass(frozen=True)
class Local:
    """The explanation of one row: base + contributions = prediction.

    Attributes
    ----------
    row : int
        Its number in the data, from 0.
    base, prediction : float
    contributions : tuple of (feature, value, contribution)
        Largest first.
    why : str
        ``"chosen"``, ``"lowest"`` or ``"highest"`` output of the sample, or ``"sample"``.
    errors : dict of str to float
        Standard error of each contribution, where it is an estimate that was repeated for this row.
    """

    row: int
    base: float
    prediction: float
    contributions: tuple[tuple[str, Any, float], ...]
    why: str = "sample"
    errors: dict[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        errors = self.errors or {}
        listed = [
            {"feature": name, "value": value, "contribution": part, "error": errors.get(name)}
            for name, value, part in self.contributions
        ]
        numbers = {"row": self.row, "why": self.why, "base": self.base, "prediction": self.prediction}
        return numbers | {"contributions": listed}


@dataclass(frozen=True)
class Reliance:
    """How much of the explanation rests on one column, with its 95% interval; 0 if the model does not take it."""

    feature: str
    share: float
    used: bool
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Sampling:
    """How many rows the importance stands on, and what precision that gave.

    Attributes
    ----------
    asked, reached : float or None
        Half-width of the 95% interval relative to the mean absolute contribution, of the worst leading feature.
    stopped : str
        ``"precision"``: reached what was asked; ``"all"``: no rows were left; ``"rows"``: as many as were
        asked for; ``"budget"``: time, evaluations or size.
    cost : int
        Rows that the model was asked for to explain one.
    """

    asked: float | None
    reached: float | None
    stopped: str
    cost: int = 0

    def to_json(self) -> dict[str, Any]:
        reached = "–" if self.reached is None else f"{self.reached:.1%}"
        message = Message(
            f"explanation.sampled.{self.stopped}", {"reached": reached, "asked": f"{self.asked or 0:.1%}"}
        )
        return asdict(self) | {"top": TOP, "share": TOP_SHARE, "message": message.to_json()}


@dataclass(frozen=True)
class Authority:
    """A second computation of the first rows by shap: how many, and the largest difference in contributions or base."""

    rows: int
    max_error: float
    tolerance: float
    name: str = "shap"


@dataclass(frozen=True)
class ExplanationAudit:
    """Result of an explanation audit; all but the verdict is None or empty if it was not evaluated.

    Attributes
    ----------
    verdict : str
        ``"pass"``: valid; ``"fail"``: does not add up, or differs from shap; ``"inconclusive"``: not stable;
        ``"not_evaluated"``: the model gave no usable answer.
    message : Message
    rows_used, rows_of : int
        Rows of the sample, and of the data.
    seed, background : int
        Background rows that were used; 0 where the trees carry their own.
    method : str or None
        ``"tree"``, ``"linear"`` or ``"permutation"``.
    kernel : str or None
        What computed it.
    output : str or None
        What is explained: ``"probability"``, ``"margin"``, ``"indicator"`` or ``"prediction"``.
    output_class : str, int, float or None
        Of which class.
    base_value : float or None
    max_error, tolerance : float or None
        Largest difference of base + contributions from the output, and what is allowed.
    importance : tuple of Importance
    sensitive, proxies : tuple of Reliance
        Of the columns that say who people are, and of those named as standing in for them.
    reliance_interval : tuple of float or None
        95% interval of what rests on the sensitive columns together.
    associations : tuple of Association
    local : tuple of Local
    sampling, authority, stability, comparison
        None where there is none.
    halves : dict or None
        How far two halves of the sample differ.
    versions : dict
        As the sandboxed process states them.
    sandbox : str or None
        The backend.
    detail : str
        End of what the model's process wrote, if it failed. Untrusted.
    attributed : Attributed or None
        Not part of the JSON.
    """

    verdict: str
    message: Message
    rows_used: int
    rows_of: int
    seed: int
    background: int = 0
    background_digest: str | None = None
    method: str | None = None
    kernel: str | None = None
    output: str | None = None
    output_class: Any = None
    base_value: float | None = None
    max_error: float | None = None
    tolerance: float | None = None
    importance: tuple[Importance, ...] = ()
    sensitive: tuple[Reliance, ...] = ()
    proxies: tuple[Reliance, ...] = ()
    reliance_interval: tuple[float, float] | None = None
    associations: tuple[Association, ...] = ()
    local: tuple[Local, ...] = ()
    sampling: Sampling | None = None
    authority: Authority | None = None
    stability: Stability | None = None
    halves: dict[str, Any] | None = None
    comparison: Comparison | None = None
    versions: dict[str, str] | None = None
    sandbox: str | None = None
    detail: str = ""
    attributed: Attributed | None = None

    @property
    def sensitive_reliance(self) -> float | None:
        """Share of all importance that rests on sensitive columns; None if it is not known."""
        return sum(item.share for item in self.sensitive) if self.method else None

    @property
    def proxy_reliance(self) -> float | None:
        """Share of all importance that rests on named proxies; None if it is not known."""
        return sum(item.share for item in self.proxies) if self.method else None

    def beside(self, comparison: Comparison) -> ExplanationAudit:
        """The same audit with a comparison."""
        return replace(self, comparison=comparison)

    def uncompared(self, other: Message, why: Message) -> ExplanationAudit:
        """The same audit, saying why there is no comparison."""
        return self.beside(Comparison(other, 0, (), Message("explanation.compared.not", {"other": other, "why": why})))

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON, schema ``sekisho.explanation/1``."""
        named = {"class": None if self.output_class is None else str(self.output_class)}
        method = self.method and {
            "name": self.method,
            "kernel": self.kernel,
            "exact": self.method != "permutation",
            "text": _message("method", self.method),
        }
        output = self.output and {"kind": self.output, **named, "text": _message("output", self.output, named)}
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "message": self.message.to_json(),
            "method": method,
            "output": output,
            "base_value": self.base_value,
            "additivity": {"max_error": self.max_error, "tolerance": self.tolerance},
            "authority": self.authority and asdict(self.authority),
            "importance": [self._feature(item) for item in self.importance],
            "sensitive_reliance": self.sensitive_reliance,
            "sensitive_interval": self.reliance_interval and list(self.reliance_interval),
            "sensitive": [asdict(item) for item in self.sensitive],
            "proxy_reliance": self.proxy_reliance,
            "proxies": [asdict(item) for item in self.proxies],
            "associations": [asdict(item) | {"likely": item.likely} for item in self.associations],
            "association_limits": {"association": PROXY_ASSOCIATION, "share": PROXY_SHARE},
            "local": [item.to_json() for item in self.local],
            "rows": {"used": self.rows_used, "of": self.rows_of},
            "sampling": self.sampling and self.sampling.to_json(),
            "stability": self.stability and self.stability.to_json(),
            "halves": self.halves,
            "comparison": self.comparison and self.comparison.to_json(),
            "seed": self.seed,
            "background": self.background,
            "background_digest": self.background_digest,
            "confidence": 0.95,
            "versions": self.versions or {},
            "sandbox": self.sandbox,
            "detail": self.detail,
        }

    def _feature(self, item: Importance) -> dict[str, Any]:
        error = self.stability.errors.get(item.feature) if self.stability else None
        return asdict(item) | {"rank": list(item.rank), "tied_with": list(item.tied_with), "error": error}


def _message(group: str, name: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    return Message(f"explanation.{group}.{name}", params or {}).to_json()
