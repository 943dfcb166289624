"""The time limits of a procedure, as published, and the rules for its clocks after an interruption."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ..base import Model
from ..limit import Limit, Unit
from .calendar import LocalTime

__all__ = ["Limits"]

SUSPENSION: Final = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
"""The length of a suspension before it needs attention, unless the procedure says otherwise."""


TRANSFER: Final = Limit(amount=1, unit=Unit.WORKING_DAYS)
"""The time for the papers of an accepted filing at another agency's desk and on their way from there. Unconfirmed."""


APPEAL: Final = Limit(amount=90, unit=Unit.CALENDAR_DAYS)
"""The time for a complaint, from the notice of the act, unless the procedure says otherwise. Unconfirmed."""


TAKE_UP: Final = Limit(amount=10, unit=Unit.WORKING_DAYS)


COMPLAINT: Final = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
"""The time for a complaint to be taken up, and then for its answer, unless the procedure says otherwise (Law on
Complaints 02/2011/QH13 art. 27, 28). Unconfirmed."""


NOTICE: Final = Limit(amount=1, unit=Unit.WORKING_DAYS)
"""The time before the end of a limit at which the officer is reminded, and the least time at which another appointment
is announced (Decree 61/2018 art. 19 k9)."""


DRAFT: Final = Limit(amount=2, unit=Unit.WORKING_DAYS)
"""The time before the end of a limit at which an apology is drafted: the leader has a working day to announce it."""


class Limits(Model):
    """Time limits of the stages. `issue` is the time to make the result, `delivery` the time the post has.

    A complaint may be made within `appeal`, is taken up within `take_up` and answered within `complaint` from then on.

    `reminder` and `apology` are how long before its end a limit is told of; `notice` is how long before it at least
    another appointment is announced, and `reappointment` by how much an appointment that can't be kept may be put off
    at most: as long as `processing` again unless it says otherwise. With a `cut_off` (`15:00`) what comes in later
    counts for the agency's limits in days as come in on the next working day.

    A result that is given online is to be read within `reading`, where there is that limit; of one that nobody fetches
    the applicant is reminded every `unclaimed`, where there is that.
    """

    intake: Limit
    """how long the agency has to take the filing in or refuse to"""
    processing: Limit
    """how long the agency has from taking in to the decision"""
    issue: Limit
    """how long the agency has to make the result"""
    delivery: Limit
    """how long the post has to bring the result"""
    pickup: Limit
    """how long the result waits at the counter"""
    suspension: Limit = SUSPENSION
    """how long a filing stays suspended before somebody has to look"""
    transfer: Limit = TRANSFER
    """how long another agency's desk has for the papers, until the one that decides has them"""
    appeal: Limit = APPEAL
    """how long a complaint may be made, from the notice of what it is about"""
    take_up: Limit = TAKE_UP
    """how long a complaint may wait to be taken up (thụ lý)"""
    complaint: Limit = COMPLAINT
    """how long the agency has to answer a complaint once it was taken up"""
    reminder: Limit = NOTICE
    """how long before its end a limit reminds the officer"""
    apology: Limit = DRAFT
    """how long before its end a limit makes the officer draft an apology"""
    notice: Limit = NOTICE
    """how long before the limit ends a later one must be announced at the latest"""
    reappointment: Limit | None = None
    """by how much an appointment that can't be kept may be put off at most"""
    reading: Limit | None = None
    """how long a result that is given online may wait to be read; not there: it is given at once"""
    unclaimed: Limit | None = None
    """how often the applicant is reminded of a result at the counter; not there: never"""
    cut_off: LocalTime | None = None
    """time of day in Vietnam; for limits in days, what comes in later counts for the next working day"""


LIMIT_SOURCES: Final[Mapping[str, str]] = {
    "suspension": "unconfirmed",
    "transfer": "unconfirmed",
    "appeal": "unconfirmed",
    "take_up": "Luật Khiếu nại 02/2011/QH13 Đ27; unconfirmed",
    "complaint": "Luật Khiếu nại 02/2011/QH13 Đ28; unconfirmed",
    "reminder": "unconfirmed",
    "apology": "NĐ 61/2018/NĐ-CP Đ19 k9; unconfirmed",
    "notice": "NĐ 61/2018/NĐ-CP Đ19 k9",
}
"""The sources of the limits that a procedure leaves at the values above."""


class GoesOn(StrEnum):
    """How a clock goes on once what interrupted it is over: with what was left, or from the beginning."""

    RESUME = "resume"
    RESTART = "restart"


class Resumption(Model):
    """How the agency's clocks go on after each kind of interruption: statuses 5, 6 and 8.

    After a supplement they start again (Decree 61/2018 art. 19 k4).
    """

    supplement: GoesOn = GoesOn.RESTART
    """how the clocks go on after a supplement"""
    obligation: GoesOn = GoesOn.RESUME
    """how the clocks go on after a financial obligation"""
    suspension: GoesOn = GoesOn.RESUME
    """how the clocks go on after a suspension"""
