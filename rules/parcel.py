"""The life of a consignment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rules.time import working_time
from schemas import parcel as pc
from schemas.errors import RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.parcel import Parcel, ParcelState
from schemas.publishing.calendar import Calendar
from schemas.stream.ledger import Recorded


def decide(parcel: Parcel, command: Command, _: datetime) -> tuple[pc.ParcelEvent, ...]:
    """What `command` makes happen to a parcel. Raises `RefusalError`."""
    match command:
        case pc.RequestConsignment(start=start):
            return (pc.ConsignmentRequested.model_validate(start.model_dump()),)
        case pc.RecordSent(waybill=waybill) if parcel.state is ParcelState.REQUESTED:
            return (pc.ConsignmentSent(waybill=waybill),)
        case pc.RecordEnd(outcome=outcome) if parcel.state in {ParcelState.REQUESTED, ParcelState.SENT}:
            return (pc.ConsignmentEnded(outcome=outcome),)
        case ChangeCalendar(calendar=calendar) if calendar.name != parcel.calendar:
            return (pc.ConsignmentCalendarChanged(calendar=calendar.name, due=_due(parcel, calendar)),)
        case _:
            why = problem("", "wrong_state", "bưu gửi đã kết thúc", f"the parcel is {parcel.state}")
            raise refused(RefusalCode.NOT_ALLOWED, why)


def _due(parcel: Parcel, calendar: Calendar) -> datetime:
    if parcel.limit is None or parcel.since is None:
        msg = "nothing has been recorded yet"
        raise ValueError(msg)
    return working_time.due(parcel.since, parcel.limit, calendar)


def evolve(parcel: Parcel, recorded: Recorded) -> Parcel:
    """The parcel after one event."""
    return parcel.model_copy(update=_change(recorded) | {"seq": recorded.seq})


def _change(recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case pc.ConsignmentRequested() as event:
            kept = ("number", "address", "contents", "limit", "since", "calendar", "due")
            return {name: getattr(event, name) for name in kept} | {"requested_at": recorded.at}
        case pc.ConsignmentCalendarChanged(calendar=calendar, due=due):
            return {"calendar": calendar, "due": due}
        case pc.ConsignmentSent(waybill=waybill):
            return {"waybill": waybill, "state": ParcelState.SENT}
        case pc.ConsignmentEnded(outcome=outcome):
            return {"state": ParcelState(outcome)}
        case _:
            msg = f"{recorded.event.kind} is no event of a parcel"
            raise TypeError(msg)


def view(parcel: Parcel) -> pc.ParcelView:
    """What a parcel shows."""
    return pc.ParcelView(
        filing_id=parcel.filing_id,
        n=parcel.n,
        number=parcel.number,
        waybill=parcel.waybill,
        due=parcel.due,
        state=parcel.state,
    )
