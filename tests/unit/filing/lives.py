"""Filings for tests: a procedure of any shape, the persons, and a filing that gets commands."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Self

from rules.filing import lifecycle, projections
from schemas.base import numbers_marked
from schemas.errors import RefusalError
from schemas.files import FileRef, Paper
from schemas.filing import commands as cm
from schemas.filing.events import Accountable, Clock, Moment, Partner, PickupOffered, ResultOffered
from schemas.filing.state import ClockState, Filing, Stage
from schemas.filing.submission import Authorisation, Examined, Submission
from schemas.ids import filing_id
from schemas.people import SYSTEM, Actor, Address, Applicant, Role, Via
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.stream.ledger import Recorded

AGENCY: Final = "H01.12"
START: Final = datetime(2026, 11, 25, 3, 0, 30, tzinfo=UTC)
"""10:00:30 on a Wednesday in Vietnam."""

AN: Final = Applicant(subject="an", name="Nguyễn Văn An", id_number="001099000001")
APPLICANT: Final = Actor(subject="an", role=Role.APPLICANT)
REPRESENTATIVE: Final = Actor(subject="binh", role=Role.REPRESENTATIVE)
VIA: Final = Via(principal="portal")
ADDRESS: Final = Address(recipient="An", phone="0900000000", address="1 Hàng Bài", postcode="10000")
FILE: Final = FileRef(key="papers/1.pdf", sha256="b" * 64, size=1000)
MANDATE: Final = Authorisation(
    key="papers/2.pdf", sha256="d" * 64, size=1000, principal=AN.id_number, id_number="001099000002"
)
RESULT: Final = FileRef(key="results/1.pdf", sha256="c" * 64, size=2000)


def local(text: str) -> datetime:
    """Returns the instant of a local time in Vietnam, such as `2026-11-26 17:00`."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def officer(role: Role, subject: str | None = None, agency: str = AGENCY) -> Actor:
    return Actor(subject=subject or f"{role}-1", role=role, agency=agency)


RECEPTION: Final = officer(Role.RECEPTION)
SPECIALIST: Final = officer(Role.SPECIALIST)
LEADER: Final = officer(Role.LEADER)
SECOND: Final = officer(Role.LEADER, "leader-2")
CLERK: Final = officer(Role.CLERK)
CASHIER: Final = officer(Role.CASHIER)
HANDOVER: Final = officer(Role.HANDOVER)
TEAM_LEAD: Final = officer(Role.TEAM_LEAD)

OFFICE: Final = ("07:00-11:30", "13:30-17:00")
CALENDAR: Final = Calendar.model_validate(
    {
        "code": "vn",
        "version": "2026.1",
        "valid_from": "2026-01-01",
        "valid_until": "2027-12-31",
        "week": [OFFICE] * 5 + [(), ()],
    }
)
"""Office hours from Monday to Friday, and no holidays."""

APPRAISE: Final = {"code": "appraise", "role": "specialist", "act": "propose", "limit": "2 working days"}
DECIDE: Final = {"code": "decide", "role": "leader", "act": "decide", "limit": "1 working days"}
VERIFY: Final = {"code": "verify", "role": "specialist", "act": "forward", "limit": "3 working days"}
INSPECT: Final = {"code": "inspect", "role": "specialist", "act": "inspect", "limit": "3 working days"}
CONSULT: Final = {
    "code": "consult",
    "role": "specialist",
    "act": "consult",
    "limit": "2 working days",
    "consult": {"parties": [{"code": "police"}, {"code": "health"}], "silence": "consent"},
}
ESCALATE: Final = CONSULT | {"consult": {"parties": [{"code": "police"}, {"code": "health"}], "silence": "escalate"}}
TAX: Final = {
    "code": "tax",
    "role": "specialist",
    "act": "obligation",
    "limit": "1 working days",
    "obligation": {"answer": "3 working days", "pay": "30 calendar days"},
}
DRAFT: Final = {
    "code": "draft",
    "role": "specialist",
    "act": "draft",
    "limit": "1 working days",
    "draft": {"answer": "1 calendar days"},
}
PARTS: Final = {
    "code": "parts",
    "role": "specialist",
    "act": "refer",
    "limit": "5 working days",
    "referral": {
        "parts": [
            {"code": "residence", "kinds": ["commune_police"], "limit": "2 working days"},
            {"code": "insurance", "kinds": ["social_insurance"], "limit": "1 working days"},
        ]
    },
}
PARTNERS: Final = {"residence": "H01.31", "insurance": "H01.60"}
EXTENSION: Final = {"extension": {"times": 1, "by": "3 working days", "notice": "1 working days"}}


REFUSING: Final = {"reason": "không đủ điều kiện", "legal_basis": "NĐ 61/2018, Đ19"}
STOP: Final = {"reason": "tranh chấp", "legal_basis": "NĐ 118/2025"}
ENDING: Final = STOP | {"unproposed_reason": "hồ sơ giả"}
BUSY: Final = {"reason": "quá tải"}

LIMITS: Final = {
    "intake": "8 working hours",
    "processing": "5 working days",
    "issue": "4 working hours",
    "delivery": "4 working days",
    "pickup": "30 calendar days",
}


FETCHED: Final[dict[str, Any]] = {
    "recipient": "An",
    "identity": {"document": "citizen_card", "number": AN.id_number},
    "signed_on_paper": True,
}
"""The fields of a hand-over to the applicant."""

PASSPORT: Final = {"document": "passport", "number": "C1234567", "citizen_number": AN.id_number}
"""A passport; beside the passport's own number it bears the applicant's citizen number."""

CODE: Final = "123456"
LINK: Final = "link-at-which-the-result-is-read-1"


def drawn(event: Any) -> dict[str, Any]:
    """Returns the secrets that the ledger generates for an event; none for most kinds of events."""
    if isinstance(event, ResultOffered):
        link = f"{LINK}{event.n}"
        return {"link": link, "link_sha256": sha256(link.encode()).hexdigest()}
    return {"code": CODE} if isinstance(event, PickupOffered) else {}


def limited(**changes: str) -> dict[str, Any]:
    """Returns the field `limits` of a procedure, with these limits changed."""
    return {"limits": LIMITS | changes}


def procedure(**changes: Any) -> ProcedureRules:
    """Returns the rules of a procedure at level 4: no fee, two review steps, one supplement allowed."""
    facts = {
        "code": "2.000635",
        "version": "2026-12",
        "sha256": "a" * 64,
        "level": 4,
        "limits": LIMITS,
        "papers": [{"code": "identity", "required": True}, {"code": "mandate", "required": False}],
        "form": [
            {"code": "name", "kind": "text", "required": True, "minimum": 2, "maximum": 20},
            {"code": "copies", "kind": "integer", "required": False, "minimum": 0, "maximum": 50},
            {"code": "born", "kind": "date", "required": False},
            {"code": "urgent", "kind": "boolean", "required": False},
            {"code": "register", "kind": "choice", "required": False, "choices": ["birth", "death"]},
        ],
        "review": [APPRAISE, DECIDE],
        "result_channels": ["online", "counter", "post"],
        "supplement_rounds": 1,
        "supplement_limit": "10 working days",
        "signature": False,
    }
    return ProcedureRules.model_validate(facts | changes)


def fee(due: str = "acceptance", channels: tuple[str, ...] = ("online", "counter")) -> dict[str, Any]:
    """Returns a fee rule of 8 000 đồng a copy."""
    items = [{"code": "extract", "amount": 8000, "per": "copies"}]
    return {"items": items, "due": due, "channels": channels, "limit": "5 working days"}


def submission(**changes: Any) -> Submission:
    """Returns a complete submission: online, by a representative, for two copies."""
    facts: dict[str, Any] = {
        "client_id": "portal",
        "submission_id": "1",
        "procedure": "2.000635",
        "agency": AGENCY,
        "applicant": AN,
        "actor": REPRESENTATIVE,
        "via": VIA,
        "authorisation": MANDATE,
        "form": {"name": "An", "copies": 2},
        "papers": (Paper(code="identity", file=FILE),),
        "result_channel": "online",
    }
    return Submission.model_validate(facts | changes)


PAPER: Final[dict[str, Any]] = {"channel": "counter", "actor": RECEPTION}
"""The changes that turn `submission` into one on paper, recorded at the counter."""

DESK: Final = "H01.01"
AT_DESK: Final[dict[str, Any]] = {"channel": "counter", "desk": DESK, "actor": officer(Role.RECEPTION, agency=DESK)}
"""The changes that turn `submission` into one on paper, received at another agency's desk."""

SYSTEM_COMMANDS: Final[tuple[type[cm.Command], ...]] = (
    *(cm.TimerFired, cm.ChangeCalendar, cm.Issue, cm.SettleFee, cm.AskFeeAgain, cm.SettleParcel),
    *(cm.ReportOverduePart, cm.SettlePart, cm.SettleResult, cm.SettleComplaint, cm.ReportFailing),
    *(cm.ReportAnswered, cm.RecordScan, cm.CountWrongCode, cm.RecordStay, cm.EndStay),
)
MODELS: Final[tuple[type[cm.Command], ...]] = (*cm.PUBLIC_COMMANDS, cm.PayableDemand, *SYSTEM_COMMANDS)
COMMANDS: Final = {model.model_fields["kind"].default: model for model in MODELS}

UNSEEN: Final = Examined()


class Life:
    def __init__(self, rules: ProcedureRules | None = None, examined: Examined = UNSEEN, **changes: Any) -> None:
        self.now = START
        self.examined = examined
        self.log: list[Recorded] = []
        self.filing = Filing(
            filing_id=filing_id("portal", "1"),
            agency=AGENCY,
            procedure=rules or procedure(),
            calendar=CALENDAR,
            level=1,
        )
        self.give(self.submit(**changes))

    def submit(self, **changes: Any) -> cm.Submit:
        handed_in = submission(**changes)
        rules = self.filing.procedure
        return cm.Submit(
            actor=handed_in.actor,
            via=VIA,
            submission=handed_in,
            procedure=rules,
            agency=AGENCY,
            accountable=Accountable(standing=rules.standing_officer, silent=rules.silent_officer),
            partners=tuple(Partner(part=part.code, agency=PARTNERS[part.code]) for _, part in rules.referred),
            examined=self.examined,
        )

    def do(self, kind: str, actor: Actor = SYSTEM, **content: Any) -> Self:
        self.give(command(kind, actor, len(self.log), **content))
        return self

    def give(self, given: cm.Command) -> None:
        decided = lifecycle.decide(self.filing, given, self.now)
        for n, event in enumerate(decided, 1):
            numbers = {field: f"{mark.kind}-1" for field, mark in numbers_marked(type(event))} | drawn(event)
            recorded = Recorded(
                seq=len(self.log) + 1,
                at=self.now,
                command_id=given.command_id,
                actor=given.actor,
                event=event.model_copy(update=numbers),
            )
            self.log.append(recorded)
            self.filing = lifecycle.evolve(self.filing, recorded)
            if n < len(decided):
                # The question `changes` shows a filing between events, too.
                projections.view(self.filing, self.now, self.now)
            # An update of an unknown field would be kept, and lost at the next snapshot.
            for model in (self.filing, self.filing.procedure, *lifecycle.clock_history(self.filing)):
                assert vars(model).keys() == type(model).model_fields.keys()

    def refusal(self, kind: str, actor: Actor = SYSTEM, **content: Any) -> list[tuple[str, str]]:
        """Returns field and rule of every problem of a command; none if it would be accepted."""
        try:
            lifecycle.decide(self.filing, command(kind, actor, len(self.log), **content), self.now)
        except RefusalError as no:
            return [(problem.field, problem.rule) for problem in no.refusal.problems]
        return []

    def wait(self, **length: float) -> Self:
        self.now += timedelta(**length)
        return self

    def until(self, text: str) -> Self:
        """Sets the present time to this local time in Vietnam."""
        self.now = local(text)
        return self

    def rung(self) -> Self:
        """Fires the due timers, in the filing's order, until none is due."""
        for _ in range(20):
            timer = lifecycle.next_timer(self.filing)
            if timer is None or timer.due > self.now:
                return self
            self.do("timer_fired", clock=timer.clock, moment=timer.moment)
        raise AssertionError(f"it rings on and on: {self.clock_events}")

    def clock(self, name: str) -> ClockState:
        """Returns the state of a clock's last run."""
        return self.runs(name)[-1]

    def runs(self, name: str) -> list[ClockState]:
        return [state for state in lifecycle.clock_history(self.filing) if state.clock == name]

    @property
    def kinds(self) -> list[str]:
        return [recorded.event.kind for recorded in self.log]

    @property
    def status(self) -> int:
        return int(lifecycle.status(self.filing))

    @property
    def stage(self) -> Stage:
        return lifecycle.stage(self.filing)

    @property
    def ringing(self) -> dict[str, datetime]:
        """The due time of each clock whose timer for the due time is running, by clock."""
        return {str(timer.clock): timer.due for timer in lifecycle.timers(self.filing) if timer.moment is Moment.DUE}

    @property
    def tells(self) -> list[tuple[str, str, datetime]]:
        """The timers of all clocks, in order: for each its clock, its moment and its time."""
        return [(timer.clock, timer.moment, timer.due) for timer in lifecycle.timers(self.filing)]

    @property
    def clock_events(self) -> list[tuple[str, str]]:
        """The recorded reminders, drafted apologies and overdue limits in order: clock and kind of each."""
        events = (recorded.event for recorded in self.log)
        said = {"reminded", "apology_drafted", "overdue"}
        return [(getattr(event, "clock", Clock.PROCESSING), event.kind) for event in events if event.kind in said]

    @property
    def queues(self) -> list[str]:
        return [str(task.role) for task in lifecycle.tasks(self.filing, self.now)]

    def tasks(self, name: str) -> list[tuple[str, tuple[str, ...]]]:
        found = (task for task in lifecycle.tasks(self.filing, self.now) if task.name == name)
        return [(str(task.role), task.actions) for task in found]

    # The usual steps, by name.

    def accepted(self) -> Self:
        return self.do("accept", RECEPTION)

    def supplement_requested(self, actor: Actor, *targets: tuple[str, str]) -> Self:
        items = [{"target": target, "code": code, "note": "mờ"} for target, code in targets]
        return self.do("request_supplement", actor, items=items, legal_basis="Đ15")

    def proposed(self, outcome: str = "approved") -> Self:
        why = REFUSING if outcome == "refused" else {}
        return self.do("claim", SPECIALIST).do("propose", SPECIALIST, outcome=outcome, **why)

    def decided(self, outcome: str = "approved") -> Self:
        why = REFUSING if outcome == "refused" else {}
        return self.proposed(outcome).do("claim", LEADER).do("decide", LEADER, outcome=outcome, **why)

    def issued(self) -> Self:
        return self.do("issue", result=RESULT)


def at(*review: dict[str, Any], **changes: Any) -> Life:
    """Returns a filing in the first of these review steps, which the specialist has claimed."""
    return Life(procedure(review=[*review, APPRAISE, DECIDE], **changes)).accepted().do("claim", SPECIALIST)


def wrong(rules: ProcedureRules | None = None, **changes: Any) -> list[tuple[str, str]]:
    """Returns field and rule of every problem of a submission; none if it is accepted."""
    try:
        Life(rules, **changes)
    except RefusalError as no:
        return [(problem.field, problem.rule) for problem in no.refusal.problems]
    return []


def command(kind: str, actor: Actor, number: int = 0, /, **content: Any) -> cm.Command:
    return COMMANDS[kind].model_validate({"command_id": f"c{number}", "actor": actor, "via": VIA} | content)


def reopened(life: Life, step: str | None, n: int = 1) -> Life:
    return life.do("settle_complaint", n=n, about=life.filing.act, step=step, officer=SECOND.subject)
