"""The time limits of a procedure, as published, and the rules for its clocks after an interruption."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from ..base import Model, unset
from ..limit import Limit, Unit
from .calendar import LocalTime

__all__ = ["Limits"]

SUSPENSION: Final = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
"""The time for which a filing stays suspended before an officer must act, unless the procedure states another time."""

TRANSFER: Final = Limit(amount=1, unit=Unit.WORKING_DAYS)
"""The time in which the papers of an accepted filing must reach the deciding agency from another agency's desk.

This time is unconfirmed.
"""

APPEAL: Final = Limit(amount=90, unit=Unit.CALENDAR_DAYS)
"""The time for a complaint, from the day of receiving or knowing of the act (Law 02/2011 art. 9)."""

TAKE_UP: Final = Limit(amount=7, unit=Unit.WORKING_DAYS)
"""The time in which a complaint is taken up or refused, each with a notice (Decree 155/2026 art. 10)."""

COMPLAINT: Final = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
"""The time limit to answer a complaint that was taken up (Law 02/2011 art. 28)."""

LONGER: Final = tuple(Limit(amount=days, unit=Unit.CALENDAR_DAYS) for days in (45, 60, 70))
"""The longer limits of an answer, each one step longer: a complex case, a remote place, a second complaint.

Law 02/2011 art. 28 (30, 45, 60 days) and 37 (45, 60, 70 days).
"""

SECOND: Final = Limit(amount=30, unit=Unit.CALENDAR_DAYS)
"""The time for a second complaint, from the receipt of the first answer or from its missed limit (art. 33)."""

SECOND_REMOTE: Final = Limit(amount=45, unit=Unit.CALENDAR_DAYS)
"""The time for a second complaint in a remote place."""

DIALOGUE: Final = Limit(amount=5, unit=Unit.CALENDAR_DAYS)
"""The least time from the invitation to a dialogue about a complaint (Decree 155/2026 art. 11)."""

SENDING: Final = Limit(amount=3, unit=Unit.WORKING_DAYS)
"""The time in which the decision on a complaint is sent (art. 32)."""

SENDING_SECOND: Final = Limit(amount=7, unit=Unit.CALENDAR_DAYS)
"""The time in which the decision on a second complaint is sent (art. 41)."""

NOTICE: Final = Limit(amount=1, unit=Unit.WORKING_DAYS)
"""The time before the end of a limit at which the officer is reminded.

Also the minimum time before that end at which another appointment is announced (Decree 61/2018 art. 19 k9).
"""

DRAFT: Final = Limit(amount=2, unit=Unit.WORKING_DAYS)
"""The time before the end of a limit at which an apology is drafted: the leader has a working day to announce it."""


class RunsFrom(StrEnum):
    """The start of the processing limit: the acceptance, or the receipt of the complete dossier before it."""

    ACCEPTANCE = "acceptance"
    RECEIPT = "receipt"


class Limits(Model):
    """The time limits of the stages. `issue` is the time to make the result, `delivery` the time of the post.

    A complaint must be made within `appeal`, taken up within `take_up`, and then answered within `complaint`. If
    `complaint` is the limit in the law, a limit in `LONGER` may replace it.

    `reminder` is the time before the end of a limit at which the officer is reminded, and `apology` the time before
    that end at which an apology is drafted. A new appointment must be announced at least `notice` before the end of the
    limit. It is at most `reappointment` later than the old one, or at most `processing` later if `reappointment` is not
    set. For limits in days, an arrival after the time of day `cut_off` counts as received on the next working day.

    `reading` is the time to read a result that is given online. `unclaimed` is the interval at which the applicant is
    reminded of a result that was not fetched.
    """

    intake: Limit
    """time limit of the agency to accept the filing or refuse to"""
    processing: Limit
    """time limit of the agency from the acceptance to the decision"""
    issue: Limit
    """time limit of the agency to make the result"""
    delivery: Limit
    """time limit of the post to bring the result"""
    pickup: Limit
    """time for which the result waits at the counter"""
    suspension: Limit = SUSPENSION
    """time for which a filing stays suspended before an officer must act"""
    transfer: Limit = TRANSFER
    """time limit for the papers from another agency's desk to reach the deciding agency"""
    appeal: Limit = APPEAL
    """time for a complaint, from the notice of the contested act"""
    take_up: Limit = TAKE_UP
    """time limit to take a complaint up (thụ lý)"""
    complaint: Limit = COMPLAINT
    """time limit of the agency to answer a complaint once it was taken up"""
    dialogue: Limit = DIALOGUE
    """least time from the invitation to a dialogue about a complaint"""
    reminder: Limit = NOTICE
    apology: Limit = DRAFT
    """time before the end of a limit at which the officer must draft an apology"""
    notice: Limit = NOTICE
    """least time from the announcement of a new appointment to the end of the limit"""
    reappointment: Limit | None = None
    """greatest delay of an appointment that will be missed; not set: the length of the processing limit"""
    reading: Limit | None = None
    """time to read a result that is given online; not set: it is handed over at once"""
    unclaimed: Limit | None = None
    """interval at which the applicant is reminded of a result at the counter; not set: no reminders"""
    cut_off: LocalTime | None = None
    """time of day in Vietnam; for limits in days, a later arrival counts for the next working day"""
    intake_at_counter: Annotated[Limit | None, Field(exclude_if=unset)] = None
    """time limit of the intake for a dossier from the counter; not set: the one for all channels"""
    intake_by_post: Annotated[Limit | None, Field(exclude_if=unset)] = None
    """time limit of the intake for a dossier by post; not set: the one for all channels"""
    processing_from: Annotated[RunsFrom | None, Field(exclude_if=unset)] = None
    """start of the processing limit: acceptance, or receipt of the complete dossier; not set: acceptance"""
    longest: Annotated[Limit | None, Field(exclude_if=unset)] = None
    """longest processing limit with another case, extensions and other appointments together; not set: no bound"""
    suspensions: Annotated[Limit | None, Field(exclude_if=unset)] = None
    """longest time of all suspensions together, in the unit of one; not set: no bound"""


LIMIT_SOURCES: Final[Mapping[str, str]] = {
    "suspension": "unconfirmed",
    "transfer": "unconfirmed",
    "appeal": "Luật Khiếu nại 02/2011/QH13 Đ9",
    "take_up": "NĐ 155/2026/NĐ-CP Đ10 k1",
    "complaint": "Luật Khiếu nại 02/2011/QH13 Đ28",
    "dialogue": "NĐ 155/2026/NĐ-CP Đ11",
    "reminder": "unconfirmed",
    "apology": "NĐ 61/2018/NĐ-CP Đ19 k9; unconfirmed",
    "notice": "NĐ 61/2018/NĐ-CP Đ19 k9",
}
"""The legal sources of the default limits above, by the limit's name."""


class GoesOn(StrEnum):
    """How a clock continues after an interruption: with the rest of its time, or from the beginning."""

    RESUME = "resume"
    RESTART = "restart"


class Resumption(Model):
    """How the agency's clocks continue after each kind of interruption: the statuses 5, 6 and 8.

    Unless the procedure states otherwise, the clocks start again from zero after a supplement (Decree 61/2018 art. 19
    k4).
    """

    supplement: GoesOn = GoesOn.RESTART
    """how the clocks continue after a supplement"""
    obligation: GoesOn = GoesOn.RESUME
    """how the clocks continue after a financial obligation"""
    suspension: GoesOn = GoesOn.RESUME
    """how the clocks continue after a suspension"""
