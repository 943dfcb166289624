"""The rule of each command on a parcel. The reports of the post are recorded even if they come late."""

from datetime import datetime
from typing import Final

from rules.officers import other_agency
from rules.parcel.fold import OUTCOMES, SPOILT_STATES, collected, news
from rules.rule import SYSTEM, Rule, Rules, always
from rules.time.working_time import due_on
from schemas.errors import Problem, problem
from schemas.filing.commands import ChangeCalendar
from schemas.parcel import commands as cm
from schemas.parcel import events as ev
from schemas.parcel.state import Meaning, Parcel, ParcelState, Step
from schemas.people import Actor, Role

Events = tuple[ev.ParcelEvent, ...]


def _request(_: Parcel, command: cm.RequestConsignment, __: datetime) -> Events:
    return (ev.ConsignmentRequested.model_validate(command.start.model_dump()),)


def _sent(parcel: Parcel, command: cm.RecordSent, _: datetime) -> Events:
    return (ev.ConsignmentSent(waybill=command.waybill),) if parcel.state is ParcelState.REQUESTED else ()


def _steps(parcel: Parcel, command: cm.RecordSteps, _: datetime) -> Events:
    events: list[ev.ParcelEvent] = []
    invitations, ended = parcel.invitations, not parcel.under_way
    for step in news(parcel.state, parcel.heard, command.steps):
        match step.meaning:
            case Meaning.INVITED:
                invitations += 1
                again = max(command.again_by or step.at, step.at)
                events.append(ev.ConsignmentInvited(n=invitations, said=step.said, happened_at=step.at, again_by=again))
            case Meaning.OTHER:
                events.append(ev.ConsignmentReported(said=step.said, message=step.message, happened_at=step.at))
            case meaning:
                outcome = OUTCOMES[meaning]
                end = ev.ConsignmentEnded(
                    outcome=outcome, said=step.said, happened_at=step.at, late=ended, **_money(parcel, step)
                )
                events.append(end)
                ended = True
    return tuple(events)


def _money(parcel: Parcel, step: Step) -> dict[str, int]:
    """The sum that the post collected, and the fee in it. The fee counts only if the whole sum was collected."""
    if (paid := collected(parcel, step)) is None:
        return {}
    fee = {"fee": parcel.fee} if parcel.fee is not None and paid >= parcel.cod else {}
    return {"collected": paid} | fee


def _end(parcel: Parcel, command: cm.RecordEnd, _: datetime) -> Events:
    return (ev.ConsignmentEnded(outcome=command.outcome, said=command.said),) if parcel.under_way else ()


def _end_watch(parcel: Parcel, command: cm.EndParcelWatch, _: datetime) -> Events:
    return (ev.ConsignmentWatchEnded(until=command.until),) if parcel.watched_until == command.until else ()


def _recall(parcel: Parcel, _: cm.RecallConsignment, __: datetime) -> Events:
    return (ev.ConsignmentRecalled(),) if parcel.under_way and not parcel.recalled and not parcel.left else ()


def _change_calendar(parcel: Parcel, command: ChangeCalendar, _: datetime) -> Events:
    calendar = command.calendar
    if calendar.name == parcel.calendar:
        return ()
    return (ev.ConsignmentCalendarChanged(calendar=calendar.name, due=due_on(parcel, calendar)),)


def _claimable(parcel: Parcel, _: Actor, __: datetime) -> Problem | None:
    if parcel.claim is not None:
        return problem("", "claimed_from_the_post")
    return None if parcel.state in SPOILT_STATES else problem("", "nothing_to_claim")


def _claim(_: Parcel, command: cm.ClaimCompensation, __: datetime) -> Events:
    return (ev.CompensationClaimed(officer=command.actor.subject, reference=command.reference),)


RULES: Final[Rules[Parcel]] = Rules(
    {
        "request_consignment": Rule(SYSTEM, always, _request),
        "record_sent": Rule(SYSTEM, always, _sent),
        "record_steps": Rule(SYSTEM, always, _steps),
        "record_end": Rule(SYSTEM, always, _end),
        "end_parcel_watch": Rule(SYSTEM, always, _end_watch),
        "recall_consignment": Rule(SYSTEM, always, _recall),
        "record_left": Rule(SYSTEM, always, lambda parcel, _, __: (ev.ConsignmentLeft(),) if parcel.recalled else ()),
        "change_calendar": Rule(SYSTEM, always, _change_calendar),
        "claim_compensation": Rule((Role.HANDOVER,), _claimable, _claim),
    },
    not_now=problem("", "wrong_state", says="parcel_has_ended"),
    stranger=lambda parcel, actor, _: other_agency(actor, parcel.agency),
)
