"""The descriptor of referrals: a referral's tasks, its view, and its messages to the lead filing."""

from collections.abc import Iterator
from typing import Any, Final

from rules.evidence import ENDS, Entry, Evidence, OfficeAnswer
from rules.referral.commands import RULES
from rules.referral.fold import evolve, is_open
from rules.require import require
from rules.stream_kind import StreamKind, Telling, numbered
from schemas.backoffice import ANSWER, AnswerAnswer, PartDecision, answer_request
from schemas.filing.commands import ReportOverduePart, SettlePart
from schemas.filing.events import Outcome
from schemas.filing.state import OverduePartFact, PartFact
from schemas.ids import StreamId, filing_workflow
from schemas.people import Actor, Role
from schemas.referral import events
from schemas.referral.commands import REFERRAL_COMMANDS, RequestDecision
from schemas.referral.state import Referral, ReferralStart, ReferralState, ReferralView
from schemas.stream.rows import Rows, Standing, TaskRow
from schemas.stream.snapshots import ReferralMemory
from schemas.translate import said


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """The evidence for a referral (the filing refers the part) or for its cancellation (the filing has ended)."""
    filing = filing_workflow(stream.filing)
    match event:
        case events.ReferralRequested(n=n, part=part, agency=agency):
            return ((Entry(("referred",), {"n": n, "part": part, "agency": agency}, filing),),)
        case events.ReferralCancelled():
            asked = Entry(("referred",), {"n": stream.n}, filing)
            return ((Entry(ENDS, stream=filing, after=asked),),)
        case _:
            return None


def answered_by(stream: StreamId, event: Any, by: Actor) -> OfficeAnswer | None:
    """The back office's answer that the event of an automatic decision needs; None for other events."""
    match event:
        case events.ReferralAnswered(automatic=automatic) if automatic or by.role is Role.SYSTEM:
            said = event.model_dump(include=set(PartDecision.model_fields))
            answer = AnswerAnswer(decision=PartDecision.model_validate(said))
            return OfficeAnswer(ANSWER, answer, answer_request(stream.n))
        case _:
            return None


def standing(referral: Referral) -> Standing:
    """The standing of a referral. An answered referral is reported to its filing."""
    heard_as = ("part_answered",) if referral.state is ReferralState.ANSWERED else ()
    return Standing(n=referral.n, calendar=referral.calendar, open=is_open(referral), heard_as=heard_as)


def _tasks(referral: Referral) -> Iterator[TaskRow]:
    """The specialist's task; reminders of the task before the due time; the team lead's task after the due time."""
    name = require(referral.part)
    yield _task(referral, name, Role.SPECIALIST)
    if referral.reminded and not referral.overdue:
        yield from (_task(referral, f"reminder:{name}", role) for role in (Role.SPECIALIST, Role.TEAM_LEAD))
    if referral.overdue:
        yield _task(referral, name, Role.TEAM_LEAD)


def _task(referral: Referral, name: str, role: Role) -> TaskRow:
    """The task of a role, with the permitted actions; the specialist's task has the officer who claimed it."""
    claimer = referral.officer if role is Role.SPECIALIST else None
    actor = Actor(subject=claimer or " ", role=role, agency=referral.agency)
    actions = (name for name in RULES.of if RULES.guard(referral, name, actor, require(referral.due)) is None)
    return TaskRow(
        name=name,
        agency=referral.agency,
        role=role,
        officer=claimer,
        acting_for=referral.acting_for if claimer else None,
        actions=tuple(actions),
        due_at=referral.due,
        overdue=referral.overdue,
    )


def view(referral: Referral) -> ReferralView:
    """The `ReferralView` of a referral."""
    return ReferralView(
        filing_id=referral.filing_id,
        n=referral.n,
        seq=referral.seq,
        part=require(referral.part),
        lead=require(referral.lead),
        agency=referral.agency,
        state=referral.state,
        due=require(referral.due),
        overdue=referral.overdue,
        officer=referral.officer,
        decision=referral.decision,
    )


def _settled(fact: PartFact) -> SettlePart:
    return SettlePart(command_id=f"part:{fact.n}:answered", **dict(fact) | {"outcome": Outcome(fact.outcome)})


REFERRAL: Final = StreamKind(
    name="referral",
    workflow="Referral",
    state=Referral,
    events=events.ReferralEvent,
    first="referral_requested",
    initial=lambda origin: Referral(**numbered(origin)),
    rules=RULES,
    evolve=evolve,
    standing=standing,
    rows=lambda referral: Rows(tasks=tuple(_tasks(referral)) if is_open(referral) else ()),
    start=ReferralStart,
    opening=lambda start: RequestDecision(command_id="request", start=start),
    commands=REFERRAL_COMMANDS,
    evidence_of=evidence,
    answered_by=answered_by,
    memory=ReferralMemory,
    shown=frozenset({events.ReferralOverdue, events.ReferralAnswered, events.ReferralCancelled}),
    tells=(
        Telling(
            "part_overdue",
            OverduePartFact,
            lambda fact: ReportOverduePart(command_id=f"part:{fact.n}:overdue", n=fact.n),
            {"referral_overdue": lambda n, _: {"n": n}},
        ),
        Telling("part_settled", PartFact, _settled, {"referral_answered": lambda n, body: body | {"n": n}}),
    ),
    title=said("many.referrals"),
)
