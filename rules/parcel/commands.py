"""The effect of each command on a parcel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rules.officers import role_is
from rules.parcel.fold import OUTCOMES, SPOILT_STATES, news
from rules.time.part import due_on
from schemas import parcel as pc
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.filing.events import ParcelOutcome
from schemas.parcel import Meaning, Parcel, ParcelState, Step
from schemas.people import Actor, Role

Events = tuple[pc.ParcelEvent, ...]


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
                outcome = OUTCOMES[meaning]
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


def guard(parcel: Parcel, _: str, actor: Actor, __: datetime) -> Problem | None:
    """Why `actor` can't claim compensation now, or None."""
    if (wrong := role_is(actor, Role.HANDOVER)) is not None:
        return wrong
    if actor.agency != parcel.agency:
        return problem("actor.agency", "other_agency")
    if parcel.claim is not None:
        return problem("", "claimed_from_the_post")
    return None if parcel.state in SPOILT_STATES else problem("", "nothing_to_claim")
