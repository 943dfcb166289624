"""Complaints for tests: the grounds, from a filing's log, and a complaint that gets commands."""

from datetime import datetime
from itertools import accumulate
from typing import Any, Final, Self

from rules.complaint import fold
from rules.complaint.grounds import Above, grounds
from rules.filing import lifecycle
from rules.streams import COMPLAINT
from rules.time.working_time import VIETNAM
from schemas.complaint.commands import COMPLAINT_COMMANDS, Complain, RingComplaint, SettleUpheld
from schemas.complaint.state import OPENING, Claim, Complaint, ComplaintStart, Grounds
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.filing.state import Filing
from schemas.ids import filing_id
from schemas.people import Actor, Role
from tests.unit.alive import Alive
from tests.unit.filing.lives import AGENCY, APPLICANT, CALENDAR, LEADER, REPRESENTATIVE, START, VIA, Life, officer

FILING: Final = filing_id("portal", "1")
SECOND: Final = officer(Role.LEADER, "leader-2")
FOUND: Final = Grounds.model_validate(
    {
        "agency": AGENCY,
        "act": "decided",
        "officer": LEADER.subject,
        "step": "decide",
        "steps": ["appraise", "decide"],
        "known_at": "2026-11-25T03:00:00Z",
        "within": "90 calendar days",
        "until": "2027-02-23T17:00:00Z",
        "higher": "H01",
        "complainants": [APPLICANT, REPRESENTATIVE],
        "side": [APPLICANT.subject, REPRESENTATIVE.subject],
        "take_up": "7 working days",
        "answer": "30 calendar days",
        "longer": ["45 calendar days", "60 calendar days", "70 calendar days"],
        "reminder": "1 working days",
        "calendar": CALENDAR,
    }
)
"""The grounds in the log for a complaint about a returned decision."""

ABOVE: Final = Above("H01")
_SYSTEM: Final[tuple[type[cm.Command], ...]] = (RingComplaint, SettleUpheld, cm.ChangeCalendar)
COMMANDS: Final = {str(model.model_fields["kind"].default): model for model in (*COMPLAINT_COMMANDS, *_SYSTEM)}
ANSWER: Final = {"outcome": "upheld", "reason": "giấy tờ hợp lệ", "legal_basis": "Luật 02/2011, Đ31"}


def grounds_of(life: Life, about: int, *complaints: Complaint, above: Above = ABOVE, **said: Any) -> Grounds:
    """Returns the grounds of a complaint about the event with this seq, from the log of a filing."""
    begun = Filing(filing_id=FILING, agency=AGENCY, procedure=life.filing.procedure, calendar=CALENDAR, level=1)
    return grounds(
        begun,
        life.log,
        list(accumulate(life.log, lifecycle.evolve, initial=begun))[1:],
        complaints,
        Claim(about=about, **said),
        above,
    )


def complain(found: Grounds = FOUND, actor: Actor = APPLICANT, **said: Any) -> Complain:
    start = {"filing_id": FILING, "n": 1, "about": 9, "words": "xem lại", "actor": actor, "via": VIA} | said
    return Complain(command_id=OPENING, actor=actor, via=VIA, start=ComplaintStart.model_validate(start), grounds=found)


def reasons(given: Complain, now: datetime = START) -> list[str]:
    """Returns the rules that refuse a complaint; none if it is recorded."""
    try:
        COMPLAINT.decide(Complaint(filing_id=FILING, n=given.start.n, agency=AGENCY), given, now)
    except RefusalError as no:
        return [problem.rule for problem in no.refusal.problems]
    return []


class Dispute(Alive):
    kind = COMPLAINT
    commands = COMMANDS

    def __init__(self, found: Grounds = FOUND, actor: Actor = APPLICANT, **said: Any) -> None:
        super().__init__(Complaint(filing_id=FILING, n=said.get("n", 1), agency=AGENCY))
        self.give(complain(found, actor, **said))

    def taken_up(self, leader: Actor = LEADER, **said: Any) -> Self:
        """Gives the commands by which this leader claims the complaint and begins to handle it (`take_up`)."""
        return self.do("claim", leader).do("take_up", leader, **said)

    @property
    def complaint(self) -> Complaint:
        state: Complaint = self.state
        return state

    def rung(self) -> Self:
        """Fires all timers that are due now."""
        while (timer := fold.next_timer(self.complaint)) is not None and timer.due <= self.now:
            self.do("ring_complaint", moment=timer.moment)
        return self

    @property
    def tasks(self) -> list[tuple[str, str, tuple[str, ...]]]:
        return [(task.name, task.role, task.actions) for task in COMPLAINT.rows(self.complaint).tasks or ()]

    @property
    def tells(self) -> tuple[str, str, str] | None:
        """The next timer's clock, its moment (such as `reminder`) and its time in Vietnam; None if no timer runs."""
        timer = fold.next_timer(self.complaint)
        return None if timer is None else (timer.clock, timer.moment, f"{timer.due.astimezone(VIETNAM):%Y-%m-%d %H:%M}")
