"""The life of a consignment. What the post says late is followed too: nothing that it says is ever refused for good."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from rules.deadlines import due_on
from rules.evidence import Entry, Evidence
from rules.known import known
from rules.officers import role_is
from schemas import parcel as pc
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.filing.events import SPOILT, ParcelOutcome
from schemas.ids import StreamId, filing_workflow
from schemas.parcel import UNDER_WAY, Meaning, Parcel, ParcelState, Step
from schemas.people import Actor, Role
from schemas.stream.ledger import Recorded
from schemas.stream.rows import ParcelRow, Rows, Standing, TaskRow

Events = tuple[pc.ParcelEvent, ...]

MOST_WORDS: Final = 32
"""So many words of the post are recorded that end nothing; a carrier that says more is followed to the end alone."""

_MAY_FOLLOW: Final = {
    ParcelState.REQUESTED: frozenset(ParcelOutcome),
    ParcelState.SENT: frozenset(ParcelOutcome),
    ParcelState.LOST: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.DAMAGED: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.RETURNED: frozenset({ParcelOutcome.DELIVERED}),
    ParcelState.CANCELLED: frozenset({ParcelOutcome.DELIVERED, ParcelOutcome.RETURNED}),
    ParcelState.DELIVERED: frozenset[ParcelOutcome](),
}
"""What the post may say after each state. Each says more than the one before, so that it comes to an end."""

_SPOILT: Final = frozenset(ParcelState(outcome.value) for outcome in SPOILT)
_ENDS: Final = {Meaning(outcome.value): outcome for outcome in ParcelOutcome}
_TELLING: Final = frozenset({Meaning.INVITED, Meaning.OTHER})


def decide(parcel: Parcel, command: Command, now: datetime) -> Events:  # noqa: PLR0911 -- one line for each command
    """What `command` makes happen to a parcel. Raises `RefusalError`."""
    match command:
        case pc.RequestConsignment(start=start):
            return (pc.ConsignmentRequested.model_validate(start.model_dump()),)
        case pc.RecordSent(waybill=waybill) if parcel.state is ParcelState.REQUESTED:
            return (pc.ConsignmentSent(waybill=waybill),)
        case pc.RecordSteps(steps=steps, again_by=again_by) if told := news(parcel.state, parcel.heard, steps):
            return _told(parcel, told, again_by)
        case pc.RecordEnd(outcome=outcome, said=said) if parcel.under_way:
            return (pc.ConsignmentEnded(outcome=outcome, said=said),)
        case pc.RecallConsignment() if parcel.under_way and not parcel.recalled and not parcel.left:
            return (pc.ConsignmentRecalled(),)
        case pc.RecordLeft() if parcel.recalled:
            return (pc.ConsignmentLeft(),)
        case pc.ClaimCompensation(actor=actor, reference=reference):
            if (wrong := guard(parcel, command.kind, actor, now)) is not None:
                raise refused(RefusalCode.NOT_ALLOWED, wrong)
            return (pc.CompensationClaimed(officer=actor.subject, reference=reference),)
        case ChangeCalendar(calendar=calendar) if calendar.name != parcel.calendar:
            return (pc.ConsignmentCalendarChanged(calendar=calendar.name, due=due_on(parcel, calendar)),)
        case _:
            why = problem("", "wrong_state", says="parcel_has_ended")
            raise refused(RefusalCode.NOT_ALLOWED, why)


def news(state: ParcelState, heard: tuple[pc.Heard, ...], steps: Iterable[Step]) -> tuple[Step, ...]:
    """Those of the post's words, oldest first, that say more of a parcel than its state and what was heard of it."""
    found: list[Step] = []
    for step in steps:
        if _says_something(state, heard, step):
            found.append(step)
            heard = (*heard, pc.Heard(said=step.said, at=step.at))
            state = ParcelState(step.meaning.value) if step.meaning in _ENDS else state
    return tuple(found)


def _says_something(state: ParcelState, heard: tuple[pc.Heard, ...], step: Step) -> bool:
    if pc.Heard(said=step.said, at=step.at) in heard:
        return False
    if step.meaning in _ENDS:
        return _ENDS[step.meaning] in _MAY_FOLLOW[state]
    return step.meaning in _TELLING and state in UNDER_WAY and len(heard) < MOST_WORDS


def _told(parcel: Parcel, steps: Iterable[Step], again_by: datetime | None) -> Events:
    events: list[pc.ParcelEvent] = []
    invitations, ended = parcel.invitations, not parcel.under_way
    for step in steps:
        match step.meaning:
            case Meaning.INVITED:
                invitations += 1
                again = max(again_by or step.at, step.at)
                events.append(pc.ConsignmentInvited(n=invitations, said=step.said, happened_at=step.at, again_by=again))
            case Meaning.OTHER:
                events.append(pc.ConsignmentReported(said=step.said, message=step.message, happened_at=step.at))
            case meaning:
                outcome = _ENDS[meaning]
                money = _collected(parcel, step) if outcome is ParcelOutcome.DELIVERED else {}
                end = pc.ConsignmentEnded(outcome=outcome, said=step.said, happened_at=step.at, late=ended, **money)
                events.append(end)
                ended = True
    return tuple(events)


def _collected(parcel: Parcel, step: Step) -> dict[str, int]:
    """What the receiver has paid: as the post says, or else all, since it gives nothing out for less.

    The fee is paid if nothing of it all is missing.
    """
    if not parcel.cod:
        return {}
    collected = parcel.cod if step.collected is None else step.collected
    fee = {"fee": parcel.fee} if parcel.fee is not None and collected >= parcel.cod else {}
    return {"collected": collected} | fee


def evolve(parcel: Parcel, recorded: Recorded) -> Parcel:
    """The parcel after one event."""
    return parcel.model_copy(update=_change(parcel, recorded) | {"seq": recorded.seq})


_KEPT: Final = ("number", "address", "contents", "cod", "fee", "watch_seconds", "limit", "since", "calendar", "due")


def _change(parcel: Parcel, recorded: Recorded) -> dict[str, Any]:  # noqa: PLR0911 -- one line for each event
    match recorded.event:
        case pc.ConsignmentRequested() as event:
            return {name: getattr(event, name) for name in _KEPT} | {"requested_at": recorded.at}
        case pc.ConsignmentCalendarChanged(calendar=calendar, due=due):
            return {"calendar": calendar, "due": due}
        case pc.ConsignmentSent(waybill=waybill):
            return {"waybill": waybill, "state": ParcelState.SENT}
        case pc.ConsignmentInvited(n=n, said=said, happened_at=at):
            return _heard(parcel, said, at) | {"invitations": n}
        case pc.ConsignmentReported(said=said, happened_at=at):
            return _heard(parcel, said, at)
        case pc.ConsignmentRecalled():
            return {"recalled": True}
        case pc.ConsignmentLeft():
            return {"recalled": False, "left": True}
        case pc.CompensationClaimed(reference=reference):
            return {"claim": reference}
        case pc.ConsignmentEnded(outcome=outcome, said=said, happened_at=at, collected=collected):
            ended = {"state": ParcelState(outcome.value), "ended_at": recorded.at, "recalled": False}
            ended |= {"collected": collected}
            spoilt = {"spoilt": parcel.spoilt or outcome in SPOILT}
            return _heard(parcel, said, at) | ended | spoilt
        case _:
            msg = f"{recorded.event.kind} is no event of a parcel"
            raise TypeError(msg)


def _heard(parcel: Parcel, said: str | None, at: datetime | None) -> dict[str, Any]:
    """What the post has said; what ends a parcel without its word it has not."""
    if said is None or at is None:
        return {}
    return {"heard": (*parcel.heard, pc.Heard(said=said, at=at))}


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """What its filing must have recorded before anything is sent, or had back."""
    filing = filing_workflow(stream.filing)
    match event:
        case pc.ConsignmentRequested(n=n):
            return ((Entry(("parcel_requested",), {"n": n}, filing),),)
        case pc.ConsignmentRecalled():
            return ((Entry(("parcel_recalled",), {"n": stream.n}, filing),),)
        case _:
            return None


def _heard_as(parcel: Parcel) -> tuple[str, ...]:
    """As what the filing has heard how it ended last."""
    if parcel.under_way:
        return ()
    heard = ("handed_over", "parcel_found")
    return heard if parcel.state is ParcelState.DELIVERED else ("parcel_failed", *heard)


def standing(parcel: Parcel) -> Standing:
    """Where a parcel stands."""
    return Standing(
        n=parcel.n,
        calendar=parcel.calendar,
        open=parcel.under_way,
        watched_until=parcel.watched_until,
        heard_as=_heard_as(parcel),
    )


def rows(parcel: Parcel) -> Rows:
    """What the read models show of a parcel."""
    row = ParcelRow(
        n=parcel.n,
        number=parcel.number,
        waybill=parcel.waybill,
        state=parcel.state,
        calendar=str(parcel.calendar),
        due_at=known(parcel.due),
        seq=parcel.seq,
        requested_at=known(parcel.requested_at),
    )
    return Rows(row=row.model_dump(mode="json"), tasks=_tasks(parcel) if parcel.spoilt else None)


def _tasks(parcel: Parcel) -> tuple[TaskRow, ...]:
    """Somebody asks the post to pay, as long as it has not brought what it lost, and one may (TT 17/2017 Đ8)."""
    if parcel.claim is not None or parcel.state not in _SPOILT:
        return ()
    task = TaskRow(
        name=f"parcel_{parcel.state}",
        agency=parcel.agency,
        role=Role.HANDOVER,
        actions=("claim_compensation",),
        due_at=parcel.watched_until,
        overdue=False,
    )
    return (task,)


def guard(parcel: Parcel, _: str, actor: Actor, __: datetime) -> Problem | None:
    """Why `actor` can't claim compensation now, or None."""
    if (wrong := role_is(actor, Role.HANDOVER)) is not None:
        return wrong
    if actor.agency != parcel.agency:
        return problem("actor.agency", "other_agency")
    if parcel.claim is not None:
        return problem("", "claimed_from_the_post")
    return None if parcel.state in _SPOILT else problem("", "nothing_to_claim")


def view(parcel: Parcel) -> pc.ParcelView:
    """What a parcel shows."""
    return pc.ParcelView(
        filing_id=parcel.filing_id,
        n=parcel.n,
        seq=parcel.seq,
        number=parcel.number,
        waybill=parcel.waybill,
        due=parcel.due,
        state=parcel.state,
        invitations=parcel.invitations,
        cod=parcel.cod,
        collected=parcel.collected,
        recalled=parcel.recalled,
        claim=parcel.claim,
    )
