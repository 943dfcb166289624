"""The life of a consignment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas import parcel as pc
from schemas.commands import Command
from schemas.errors import RefusalCode, problem, refused
from schemas.ledger import Recorded
from schemas.parcel import Parcel, ParcelState


def decide(parcel: Parcel, command: Command, _: datetime) -> tuple[pc.ParcelEvent, ...]:
    """What `command` makes happen to a parcel. Raises `Refused`."""
    match command:
        case pc.RequestConsignment(start=start):
            return (pc.ConsignmentRequested(n=start.n, contents=start.contents, address=start.address),)
        case pc.RecordSent(waybill=waybill) if parcel.state is ParcelState.REQUESTED:
            return (pc.ConsignmentSent(waybill=waybill),)
        case pc.RecordEnd(outcome=outcome) if parcel.state in {ParcelState.REQUESTED, ParcelState.SENT}:
            return (pc.ConsignmentEnded(outcome=outcome),)
        case _:
            why = problem("", "wrong_state", "bưu gửi đã kết thúc", f"the parcel is {parcel.state}")
            raise refused(RefusalCode.NOT_ALLOWED, why)


def evolve(parcel: Parcel, recorded: Recorded) -> Parcel:
    """The parcel after one event."""
    return parcel.model_copy(update=_change(recorded) | {"seq": recorded.seq})


def _change(recorded: Recorded) -> dict[str, Any]:
    match recorded.event:
        case pc.ConsignmentRequested(number=number, address=address, contents=contents):
            return {"number": number, "address": address, "contents": contents, "requested_at": recorded.at}
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
        state=parcel.state,
    )
