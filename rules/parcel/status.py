"""The status of a parcel: its row, its task, its view, and its message to the filing."""

from typing import Final

from rules.parcel.fold import SPOILT_STATES
from rules.require import require
from rules.stream_kind import Telling
from schemas.filing.commands import SettleParcel
from schemas.filing.events import ParcelOutcome
from schemas.filing.state import ParcelFact
from schemas.parcel.state import Parcel, ParcelState, ParcelView
from schemas.people import Role
from schemas.stream.rows import ParcelRow, Rows, Standing, TaskRow


def standing(parcel: Parcel) -> Standing:
    """The status of a parcel. The filing has nothing to record of a parcel that is under way."""
    heard = ("handed_over", "parcel_found")
    outcome = heard if parcel.state is ParcelState.DELIVERED else ("parcel_failed", *heard)
    return Standing(
        n=parcel.n,
        calendar=parcel.calendar,
        open=parcel.under_way,
        watched_until=parcel.watched_until,
        heard_as=() if parcel.under_way else outcome,
    )


def rows(parcel: Parcel) -> Rows:
    """The read models of a parcel."""
    row = ParcelRow(
        n=parcel.n,
        number=parcel.number,
        waybill=parcel.waybill,
        state=parcel.state,
        calendar=str(parcel.calendar),
        due_at=require(parcel.due),
        seq=parcel.seq,
        requested_at=require(parcel.requested_at),
    )
    return Rows(row=row.model_dump(mode="json"), tasks=_tasks(parcel) if parcel.spoilt else None)


def _tasks(parcel: Parcel) -> tuple[TaskRow, ...]:
    """The task to claim compensation for a lost or damaged parcel, if it is not claimed yet (TT 17/2017 Đ8)."""
    if parcel.claim is not None or parcel.state not in SPOILT_STATES:
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


def view(parcel: Parcel) -> ParcelView:
    """The visible fields of a parcel."""
    return ParcelView(
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


TELLS: Final = (
    Telling(
        "parcel_settled",
        ParcelFact,
        lambda fact: SettleParcel(command_id=f"parcel:{fact.n}:{ParcelOutcome(fact.outcome)}", **dict(fact)),
        {"consignment_ended": lambda n, body: {"n": n, "outcome": body["outcome"], "fee": body.get("fee")}},
    ),
)
