"""What the demo's teams have taken up of their way up."""

from __future__ import annotations

from django.utils import timezone

from assessments import levels, plans
from assessments.actions import roadmap
from assessments.framework import Framework
from assessments.models import RoadmapItem
from portal.accounts.models import Team, User
from portal.calendars import add_business_days

STEPS, DUE_IN = 4, 20  # steps that each team takes up, and business days it has for them


def take_up_steps(team: Team, framework: Framework, by: User) -> None:
    """Put the first steps of the way up on the team's roadmap, and begin one; once."""
    if RoadmapItem.objects.filter(team=team).exists():
        return
    way = plans.way(levels.current(team, framework), kind="claimed")
    due = add_business_days(timezone.localdate(), DUE_IN, team.calendar)
    steps = [step.criterion for step in way.steps if step.todo == "do"][:STEPS]
    items = roadmap.take_up(team=team, framework=framework, criteria=steps, by=by, owner=by, due=due)
    roadmap.move_item(item=items[0], framework=framework, state="doing", rev=items[0].rev, by=by)
