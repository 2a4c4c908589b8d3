"""How far two people who answered apart agree: Cohen's kappa over what both answered.

Pure: no Django. Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and
Psychological Measurement 20 (1960); the standard error is that of J. L. Fleiss, J. Cohen and B. S. Everitt,
"Large sample standard errors of kappa and weighted kappa", Psychological Bulletin 72 (1969), formula 13.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from portal.message import Message, gettext_noop, register

FEWEST = 10  # with fewer answers an interval says nothing
_NORMAL = 1.959963984540054  # two-sided 95%

register(
    {
        "agreement.nothing": gettext_noop("No criterion was answered by both."),
        "agreement.one_category": gettext_noop(
            "Both gave one and the same answer throughout (answers: %(n)s). How much of that is chance cannot be told, "
            "so kappa has no value."
        ),
        "agreement.kappa": gettext_noop(
            "The same answer to %(same)s of %(n)s; by chance alone about %(chance)s would be. Kappa is %(kappa)s."
        ),
        "agreement.interval": gettext_noop("With 95%% confidence it lies between %(low)s and %(high)s."),
        "agreement.few": gettext_noop("With so few answers it could lie almost anywhere."),
        "agreement.none": gettext_noop("They agree no more than chance would have it."),
        "agreement.weak": gettext_noop("They agree a little more than by chance: read the statements together."),
        "agreement.fair": gettext_noop("They agree on most, and differ on some criteria that are worth talking about."),
        "agreement.strong": gettext_noop("They see the team in the same way."),
    }
)


@dataclass(frozen=True)
class Agreement:
    """How far two sets of answers agree.

    Parameters
    ----------
    n : int
        Criteria that both answered.
    same : int
        Those with the same answer.
    expected : float
        Share of the same answer that chance gives, from how often each person gave each answer; 0 to 1.
    kappa : float or None
        (observed - expected) / (1 - expected), from -1 to 1; None where it is undefined.
    low, high : float or None
        A 95% interval; None with fewer than `FEWEST` answers.
    left_out : int
        Criteria that only one of the two answered.
    """

    n: int
    same: int
    expected: float
    kappa: float | None
    low: float | None
    high: float | None
    left_out: int

    @property
    def messages(self) -> tuple[Message, ...]:
        """What it means, in plain words."""
        if not self.n:
            return (Message("agreement.nothing"),)
        if self.kappa is None:
            return (Message("agreement.one_category", {"n": self.n}),)
        figures = {
            "same": self.same,
            "n": self.n,
            "chance": round(self.expected * self.n),
            "kappa": _two_digits(self.kappa),
        }
        if self.low is None:
            certain = Message("agreement.few")
        else:
            certain = Message("agreement.interval", {"low": _two_digits(self.low), "high": _two_digits(self.high)})
        return (Message("agreement.kappa", figures), certain, Message(f"agreement.{_word(self.kappa)}"))


def agreement(first: Mapping[str, str], second: Mapping[str, str]) -> Agreement:
    """Compare two people's answers.

    Parameters
    ----------
    first, second : mapping of criterion to answer
        An empty answer is none: where one of the two gave none, the criterion is left out.

    Returns
    -------
    Agreement
    """
    given = ({key: value for key, value in answers.items() if value} for answers in (first, second))
    mine, theirs = given
    both = sorted(mine.keys() & theirs.keys())
    pairs = Counter((mine[key], theirs[key]) for key in both)
    n, left_out = len(both), len(mine.keys() ^ theirs.keys())
    same = sum(count for (one, other), count in pairs.items() if one == other)
    if not n:
        return Agreement(0, 0, 0.0, None, None, None, left_out)
    rows, columns = _shares(pairs, 0, n), _shares(pairs, 1, n)
    expected = math.fsum(share * columns.get(category, 0.0) for category, share in rows.items())
    if len(rows) == len(columns) == 1 and rows.keys() == columns.keys():
        return Agreement(n, same, 1.0, None, None, None, left_out)
    observed = same / n
    kappa = (observed - expected) / (1 - expected)
    if n < FEWEST:
        return Agreement(n, same, expected, kappa, None, None, left_out)
    half = _NORMAL * _standard_error(pairs, rows, columns, n, observed, expected)
    return Agreement(n, same, expected, kappa, max(-1.0, kappa - half), min(1.0, kappa + half), left_out)


def _shares(pairs: Counter[tuple[str, str]], side: int, n: int) -> dict[str, float]:
    totals: Counter[str] = Counter()
    for pair, count in pairs.items():
        totals[pair[side]] += count
    return {category: count / n for category, count in totals.items()}


def _standard_error(
    pairs: Counter[tuple[str, str]],
    rows: Mapping[str, float],
    columns: Mapping[str, float],
    n: int,
    observed: float,
    expected: float,
) -> float:
    """Fleiss, Cohen and Everitt (1969), formula 13."""
    on = off = 0.0
    for (one, other), count in pairs.items():
        share = count / n
        if one == other:
            on += share * ((1 - expected) - (rows[one] + columns[one]) * (1 - observed)) ** 2
        else:
            off += share * (columns.get(one, 0.0) + rows.get(other, 0.0)) ** 2
    variance = on + (1 - observed) ** 2 * off - (observed * expected - 2 * expected + observed) ** 2
    return math.sqrt(max(0.0, variance)) / ((1 - expected) ** 2 * math.sqrt(n))


def _two_digits(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def _word(kappa: float) -> str:
    """Four steps in words; the bounds are a reading aid and no test."""
    if kappa <= 0:
        return "none"
    return "weak" if kappa < 0.4 else "fair" if kappa < 0.75 else "strong"
