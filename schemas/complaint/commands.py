"""The commands of complaints."""

from typing import Final, Literal

from ..base import Code, Instant, Line, ShortText
from ..files import FileRef
from ..filing.commands import Claim, Command, Reassign, Release, SystemCommand, Withdraw
from ..filing.events import Moment
from ..publishing.calendar import Day
from .state import ComplaintOutcome, ComplaintStart, Grounds, NotTakenUp

__all__ = ["COMPLAINT_COMMANDS", "AnswerComplaint", "InviteToDialogue", "LiftStay", "NotTakeUp", "RecordDialogue"]
__all__ += ["ReportSuit", "SendAnswer", "StayAct", "TakeUp", "VerifyComplaint"]


class Complain(Command):
    """Record the complaint `start`. `grounds` are the facts in the log about the event that the complaint is about."""

    kind: Literal["complain"] = "complain"
    start: ComplaintStart
    grounds: Grounds


class TakeUp(Command):
    """Take the complaint up (thụ lý), with a notice to the complainant: the time limit of the answer begins."""

    kind: Literal["take_up"] = "take_up"
    complex: ShortText | None = None
    """why the case is complex, which makes the limit longer (Decree 155/2026 art. 2); not set: it is not"""
    remote: bool = False
    """whether the place is remote and hard to reach, which makes the limit longer"""


class NotTakeUp(Command):
    """Refuse to take the complaint up (không thụ lý), with a notice that names the ground and the reason."""

    kind: Literal["not_take_up"] = "not_take_up"
    ground: NotTakenUp
    """ground of Law 02/2011 art. 11 on which the complaint is not taken up"""
    reason: ShortText


class VerifyComplaint(Command):
    """Report the verification of the complaint (xác minh): by an officer who did not do the act."""

    kind: Literal["verify_complaint"] = "verify_complaint"
    findings: ShortText
    """the findings on the facts, and what they rest on"""


class InviteToDialogue(Command):
    """Invite the complainant to a dialogue (đối thoại), at least five days before it."""

    kind: Literal["invite_to_dialogue"] = "invite_to_dialogue"
    at: Instant
    """time of the dialogue"""
    place: Line
    """place of the dialogue"""
    topics: ShortText
    """topics of the dialogue"""


class RecordDialogue(Command):
    """Record the minutes of the dialogue, also if the complainant has not come."""

    kind: Literal["record_dialogue"] = "record_dialogue"
    attended: bool
    """whether the complainant has come"""
    minutes: ShortText
    """the opinions, the points of agreement and of difference; or why the complainant has not come"""


class StayAct(Command):
    """Stop the act until the answer (tạm đình chỉ), since its execution would do harm that is hard to repair."""

    kind: Literal["stay_act"] = "stay_act"
    reason: ShortText


class LiftStay(Command):
    """Lift the stay of the act, as its reason is gone."""

    kind: Literal["lift_stay"] = "lift_stay"
    reason: ShortText


class AnswerComplaint(Command):
    """Decide the complaint (giải quyết khiếu nại), with the reason and the legal basis.

    If the complaint is upheld, also in part, the filing starts again at `start_at`: `intake`, or the code of a review
    step. If `start_at` is not set, the filing starts again at the stage in which the act was done.
    """

    kind: Literal["answer_complaint"] = "answer_complaint"
    outcome: ComplaintOutcome
    """upheld: the complaint is right; partly_upheld: right in part; rejected: wrong altogether"""
    reason: ShortText
    legal_basis: ShortText
    start_at: Code | None = None
    """stage at which the filing starts again: intake, or code of a review step; not set: the stage of the act"""


class SendAnswer(Command):
    """Record that the decision on the complaint was sent to the complainant (gửi quyết định)."""

    kind: Literal["send_answer"] = "send_answer"
    how: Line
    """way by which it was sent: online, the number of the post's consignment, by hand"""


class ReportSuit(Command):
    """Report that the complainant has sued in court (khởi kiện): the complaint ends."""

    kind: Literal["report_suit"] = "report_suit"
    court: Line
    """name of the court"""
    day: Day
    """day on which the court took the suit up"""
    document: FileRef | None = None
    """file of the court's notice; needed if the desk reports the suit"""


COMPLAINT_COMMANDS: Final[tuple[type[Command], ...]] = (
    *(Claim, Release, Reassign, TakeUp, NotTakeUp, VerifyComplaint, InviteToDialogue, RecordDialogue),
    *(StayAct, LiftStay, AnswerComplaint, SendAnswer, Withdraw, ReportSuit),
)
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
