"""Evidence grows old by itself: the checks of open promotions are computed anew now and then.

Lists, Home and the API show the stored verdict; without this, one whose evidence has expired would look like a pass.
"""

from __future__ import annotations

import structlog

from governance.actions.promotions import recompute
from governance.models import Promotion
from portal.jobs.kinds import every

log = structlog.get_logger("sekisho.promotions")
EVERY = 300  # seconds


@every(EVERY, name="promotions.recompute")
def recompute_open() -> int:
    """Duty: compute every open promotion; how many there were. One that fails does not keep the others."""
    waiting = list(Promotion.objects.waiting().order_by("verdict_at", "pk"))
    for promotion in waiting:
        try:
            recompute(promotion=promotion)
        except Exception:
            log.exception("promotion not computed", promotion=promotion.pk)
    return len(waiting)
