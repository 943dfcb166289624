"""The status of a parcel: its row, its task, and the events that report its end to the filing."""

from rules.parcel.fold import SPOILT_STATES
from rules.require import require, shared
from schemas.parcel.state import Parcel, ParcelState
from schemas.people import Role
from schemas.stream.rows import ParcelRow, Rows, Standing, TaskRow


def _heard_as(parcel: Parcel) -> tuple[str, ...]:
    """The kinds of the filing's events that report the parcel's end, as it stands now."""
    if parcel.under_way:
        return ()
    heard = ("handed_over", "parcel_found")
    return heard if parcel.state is ParcelState.DELIVERED else ("parcel_failed", *heard)


def standing(parcel: Parcel) -> Standing:
    """The status of a parcel."""
    return Standing(
        n=parcel.n,
        calendar=parcel.calendar,
        open=parcel.under_way,
        watched_until=parcel.watched_until,
        heard_as=_heard_as(parcel),
    )


def rows(parcel: Parcel) -> Rows:
    """The read models of a parcel."""
    known = {"calendar": str(parcel.calendar), "due_at": require(parcel.due)}
    row = ParcelRow(**shared(ParcelRow, parcel) | known)
    return Rows(row=row.model_dump(mode="json"), tasks=_tasks(parcel) if parcel.spoilt else None)


def _tasks(parcel: Parcel) -> tuple[TaskRow, ...]:
    """The task to claim compensation for a lost or damaged parcel, while it is missing (TT 17/2017 Đ8)."""
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
