"""The life of a consignment."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rules.deadlines import due_on
from rules.evidence import Entry, Evidence
from rules.known import known
from schemas import parcel as pc
from schemas.errors import RefusalCode, problem, refused
from schemas.filing.commands import ChangeCalendar, Command
from schemas.ids import StreamId, filing_workflow
from schemas.parcel import Parcel, ParcelState
from schemas.stream.ledger import Recorded
from schemas.stream.rows import ParcelRow, Rows, Standing


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
            return (pc.ConsignmentCalendarChanged(calendar=calendar.name, due=due_on(parcel, calendar)),)
        case _:
            why = problem("", "wrong_state", says="parcel_has_ended")
            raise refused(RefusalCode.NOT_ALLOWED, why)


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


def evidence(stream: StreamId, event: Any) -> Evidence | None:
    """What its filing must have recorded before anything is sent."""
    match event:
        case pc.ConsignmentRequested(n=n):
            return ((Entry(("parcel_requested",), {"n": n}, filing_workflow(stream.filing)),),)
        case _:
            return None


_UNDER_WAY: Final = frozenset({ParcelState.REQUESTED, ParcelState.SENT})


def standing(parcel: Parcel) -> Standing:
    """Where a parcel stands."""
    return Standing(
        n=parcel.n,
        calendar=parcel.calendar,
        open=parcel.state in _UNDER_WAY,
        heard_as=() if parcel.state in _UNDER_WAY else ("parcel_failed", "handed_over"),
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
    return Rows(row=row.model_dump(mode="json"))


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
