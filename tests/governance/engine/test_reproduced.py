"""Published tables come out again: docs/reproduced.md quotes them."""

from __future__ import annotations

import pandas as pd
import pytest

from governance.engine.fairness.audit import audit_fairness

# ProPublica 2016, two years: low and high scores of those who did not and did offend again.
COMPAS = {
    "African-American": ((990, 805), (532, 1369)),
    "Caucasian": ((1139, 349), (461, 505)),
    # All defendants less the two: (2681, 1282), (1216, 2035).
    "the others": ((552, 128), (223, 161)),
}
PUBLISHED = {"African-American": ("44.85", "27.99"), "Caucasian": ("23.45", "47.72"), "all": ("32.35", "37.40")}


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    rows = [
        (race, again, high)
        for race, table in COMPAS.items()
        for again, counts in enumerate(table)
        for high, count in enumerate(counts)
        for _ in range(count)
    ]
    path = tmp_path_factory.mktemp("compas") / "compas.parquet"
    pd.DataFrame(rows, columns=["race", "two_year_recid", "high"]).to_parquet(path)
    return audit_fairness(path, label="two_year_recid", prediction="high", sensitive=["race"])


@pytest.mark.parametrize("who", PUBLISHED)
def test_false_positive_and_false_negative_rates_of_compas(audit, who):
    metrics = {group.group["race"]: group.metrics for group in audit.groups} | {"all": audit.overall}
    found = (metrics[who][name].value for name in ("false_positive_rate", "false_negative_rate"))
    assert tuple(f"{100 * value:.2f}" for value in found) == PUBLISHED[who]


def test_the_gap_that_propublica_wrote_about_is_certain(audit):
    gap = next(gap for gap in audit.gaps if gap.metric == "equalized_odds_difference")
    assert gap.verdict == "fail"
    assert gap.low > 0.15
