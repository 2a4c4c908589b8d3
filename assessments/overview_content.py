"""What the reports of many teams say: the portfolio, and a campaign. The same figures as the pages."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.utils.translation import gettext as _

from assessments import catalogue, comparison, distribution, portfolio, standings
from assessments.campaigns import DONE, STATES, days_late, progress_of, with_states
from assessments.framework import Framework
from assessments.heat import key_of, step_words
from assessments.models import Campaign, CampaignTeam
from portal.accounts.models import User


def pictures(model: Framework, shown) -> dict[str, Any]:
    """The figures of the trend with their words, for page and paper."""
    words = [word for _value, word in step_words(model)]
    return {
        "step_words": words,
        "columns": [(quarter.spread.counts, quarter.spread.unknown) for quarter in shown.quarters],
        "quarter_names": [quarter.name for quarter in shown.quarters],
        "trend_label": _("Teams by official level at the end of each quarter; the table below has the figures"),
        "has_trend": any(sum(quarter.spread.counts) for quarter in shown.quarters[:-1]),
    }


def portfolio_report(reader: User, framework: Framework) -> dict[str, Any]:
    """The portfolio of what a person may see."""
    shown = portfolio.portfolio(reader, framework)
    return {
        "framework": framework,
        "shown": shown,
        "whole": shown.whole,
        "key": key_of(framework),
        **pictures(framework, shown),
    }


def campaign_report(reader: User, campaign: Campaign) -> dict[str, Any]:
    """A campaign with the teams that a person may see, and where these teams stand officially now."""
    members = with_states(CampaignTeam.objects.for_user(reader).filter(campaign=campaign))
    rows = progress_of(campaign, members.select_related("team__unit").order_by("team__name"))
    counted = Counter(row.state for row in rows)
    done = sum(counted[state] for state in DONE)
    framework = catalogue.currents().get(campaign.framework)
    context = {
        "campaign": campaign,
        "framework": framework,
        "rows": [(row, None) for row in rows],
        "states": [(words, counted[state]) for state, words in STATES],
        "total": len(rows),
        "done": done,
        "late": days_late(campaign) if campaign.closed_at is None and done < len(rows) else 0,
    }
    if framework is None:
        return context
    found = standings.of([row.team for row in rows], [framework])
    cells = {
        row.team.pk: comparison.cell(framework, found[row.team.pk, framework.key].score, "official") for row in rows
    }
    return context | {
        "rows": [(row, cells[row.team.pk]) for row in rows],
        "spread": distribution.spread(framework, (cell.step for cell in cells.values())),
        "step_words": [word for _value, word in step_words(framework)],
        "key": key_of(framework),
    }
