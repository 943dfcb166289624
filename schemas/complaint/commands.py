"""The commands of complaints."""

from typing import Final, Literal

from ..base import Code, ShortText
from ..filing.commands import Claim, Command, Reassign, Release, SystemCommand, Withdraw
from ..filing.events import Moment
from .state import ComplaintOutcome, ComplaintStart, Grounds

__all__ = ["COMPLAINT_COMMANDS", "AnswerComplaint"]


class Complain(Command):
    """Record the complaint `start`. `grounds` are the facts in the log about the event that the complaint is about."""

    kind: Literal["complain"] = "complain"
    start: ComplaintStart
    grounds: Grounds


class AnswerComplaint(Command):
    """Answer the complaint (giải quyết khiếu nại), with the reason and the legal basis.

    If the complaint is upheld, the filing starts again at `start_at`: `intake`, or the code of a review step. If
    `start_at` is not set, the filing starts again at the stage in which the act was done.
    """

    kind: Literal["answer_complaint"] = "answer_complaint"
    outcome: ComplaintOutcome
    """upheld: the complainant is right; rejected: the complainant is not right"""
    reason: ShortText
    legal_basis: ShortText
    start_at: Code | None = None
    """stage at which the filing starts again: intake, or code of a review step; not set: the stage of the act"""


COMPLAINT_COMMANDS: Final[tuple[type[Command], ...]] = (Claim, Release, Reassign, AnswerComplaint, Withdraw)
"""The public commands of a complaint; each is an Update of `Complaint` under its kind."""


class RingComplaint(SystemCommand):
    """Record that a timer of the complaint fired: the reminder or the due time, as `moment` states.

    Refused if the other timer is next, or if this timer is not due yet.
    """

    kind: Literal["ring_complaint"] = "ring_complaint"
    moment: Moment


class SettleUpheld(SystemCommand):
    """Record whether the filing has restarted: `reopened` is false if there was nothing to undo."""

    kind: Literal["settle_upheld"] = "settle_upheld"
    reopened: bool
