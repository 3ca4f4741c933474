"""By when something has to happen to a referral: working days, and the next deadline of each open state.

Working days are Monday to Friday in UTC; public holidays differ by place and are not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from gateway.care.referral import OPEN, State

_SATURDAY: Final = 5
# Working days in which an open referral must move on. An offer that awaits its answer has a day of its own,
# promised by the partner and kept in the leg (answer_by); what stands here is for legs without one.
MOVES_ON_WITHIN: Final[Mapping[State, int]] = {
    State.DRAFT: 5,
    State.SENT: 7,
    State.RECEIVED: 7,
    State.ACCEPTED: 10,
    State.SCHEDULED: 20,
    State.NO_SHOW: 5,
    State.IN_PROGRESS: 30,
    State.ON_HOLD: 20,
    State.CANCEL_REQUESTED: 5,
}
AWAITS_ANSWER: Final = frozenset({State.SENT, State.RECEIVED})


def after_working_days(moment: datetime, days: int) -> datetime:
    """The same time of day, `days` working days later; a weekend does not count."""
    while days > 0:
        moment += timedelta(days=1)
        if moment.weekday() < _SATURDAY:
            days -= 1
    return moment


def next_deadline(state: State, since: datetime, answer_by: datetime | None) -> datetime | None:
    """When somebody has to look again at a referral in `state` since then; None when it is closed."""
    if state not in OPEN:
        return None
    if state in AWAITS_ANSWER and answer_by is not None:
        return answer_by
    return after_working_days(since, MOVES_ON_WITHIN[state])
