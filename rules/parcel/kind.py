"""The descriptor of parcels as a kind of stream."""

from typing import Final

from rules.parcel import fold, status
from rules.parcel.commands import RULES
from rules.parcel.evidence import evidence, found_by
from rules.stream_kind import Numbering, StreamKind, Table, numbered
from schemas.parcel import events
from schemas.parcel.commands import PARCEL_COMMANDS, RequestConsignment
from schemas.parcel.state import Parcel, ParcelStart
from schemas.stream.snapshots import ParcelMemory
from schemas.translate import said

PARCEL: Final = StreamKind(
    name="parcel",
    workflow="Parcel",
    state=Parcel,
    events=events.ParcelEvent,
    first="consignment_requested",
    initial=lambda origin: Parcel(**numbered(origin)),
    rules=RULES,
    evolve=fold.evolve,
    standing=status.standing,
    rows=status.rows,
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
    tells=status.TELLS,
    title=said("many.parcels"),
)
