"""The descriptor of parcels: the row of a parcel, its task, its view, and its message to the filing."""

from typing import Final

from rules.parcel.commands import RULES
from rules.parcel.evidence import evidence, found_by
from rules.parcel.fold import SPOILT_STATES, evolve
from rules.require import require
from rules.stream_kind import Numbering, StreamKind, Table, Telling, numbered
from schemas.filing.commands import SettleParcel
from schemas.filing.events import ParcelOutcome
from schemas.filing.state import ParcelFact
from schemas.parcel import events
from schemas.parcel.commands import PARCEL_COMMANDS, RequestConsignment
from schemas.parcel.state import Parcel, ParcelStart, ParcelState, ParcelView
from schemas.people import Role
from schemas.stream.rows import ParcelRow, Rows, Standing, TaskRow
from schemas.stream.snapshots import ParcelMemory
from schemas.translate import said


def standing(parcel: Parcel) -> Standing:
    """The standing of a parcel. While a parcel is under way, the filing has nothing to record about the parcel."""
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
    """The rows of a parcel in the read models."""
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
    if not parcel.spoilt:
        return Rows(row=row.model_dump(mode="json"), tasks=None)
    claim = TaskRow(  # compensation for a lost or damaged parcel (TT 17/2017 Đ8)
        name=f"parcel_{parcel.state}",
        agency=parcel.agency,
        role=Role.HANDOVER,
        actions=("claim_compensation",),
        due_at=parcel.watched_until,
        overdue=False,
    )
    claimable = parcel.claim is None and parcel.state in SPOILT_STATES
    return Rows(row=row.model_dump(mode="json"), tasks=(claim,) if claimable else ())


def view(parcel: Parcel) -> ParcelView:
    """The `ParcelView` of a parcel."""
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


PARCEL: Final = StreamKind(
    name="parcel",
    workflow="Parcel",
    state=Parcel,
    events=events.ParcelEvent,
    first="consignment_requested",
    initial=lambda origin: Parcel(**numbered(origin)),
    rules=RULES,
    evolve=evolve,
    standing=standing,
    rows=rows,
    start=ParcelStart,
    opening=lambda start: RequestConsignment(command_id="request", start=start),
    commands=PARCEL_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    numberings={"parcel": Numbering("%Y%m%d", "G")},
    table=Table("parcel"),
    memory=ParcelMemory,
    shown=frozenset(
        {
            events.ConsignmentRequested,
            events.ConsignmentSent,
            events.ConsignmentInvited,
            events.ConsignmentReported,
            events.ConsignmentLeft,
            events.ConsignmentEnded,
        }
    ),
    tells=(
        Telling(
            "parcel_settled",
            ParcelFact,
            lambda fact: SettleParcel(command_id=f"parcel:{fact.n}:{ParcelOutcome(fact.outcome)}", **dict(fact)),
            {"consignment_ended": lambda n, body: {"n": n, "outcome": body["outcome"], "fee": body.get("fee")}},
        ),
    ),
    title=said("many.parcels"),
)
