"""What each event makes of a refund, and what of it is to be done next."""

from __future__ import annotations

from typing import Any, Final

from schemas import refund as rf
from schemas.refund import CaseState, Refund, RefundEntry
from schemas.stream.ledger import Recorded

Change = dict[str, Any]


def evolve(refund: Refund, recorded: Recorded) -> Refund:
    """The refund after one event."""
    return refund.model_copy(update=_change(refund, recorded.event) | {"seq": recorded.seq})


def _change(refund: Refund, event: Any) -> Change:  # noqa: PLR0911 -- one line for each event
    match event:
        case rf.RefundBegun(apart=apart):
            return {"capture": rf.CaptureTaken(**event.model_dump(include=_CAPTURE)), "apart": apart}
        case rf.RefundUndecided(rule=rule):
            return {"undecided": rule, "ruled": True}
        case rf.RefundDecided():
            return {"undecided": None}
        case rf.RefundOpened():
            return _opened(refund, event)
        case rf.RefundApproved():
            return _of(refund, event.case, state=CaseState.APPROVED, approved_by=names(event.officer, event.acting_for))
        case rf.RefundDeclined():
            return _of(refund, event.case, state=CaseState.DECLINED)
        case rf.RefundLeftToHand():
            return _of(refund, event.case, state=CaseState.LEFT_TO_HAND)
        case rf.RefundGiven() | rf.RefundGivenByHand():
            return _of(refund, event.case, state=CaseState.GIVEN)
        case _:
            msg = f"{event.kind} is no event of a refund"
            raise TypeError(msg)


_CAPTURE: Final = set(rf.CaptureTaken.model_fields)


def _opened(refund: Refund, event: rf.RefundOpened) -> Change:
    said = event.model_dump(include={"case", "amount", "cause"})
    entry = RefundEntry(**said, lines=event.lines, asked_by=names(event.officer, event.acting_for))
    told: Change = {"unowed": event.cause} if event.cause in rf.UNOWED else {}
    told |= {"ruled": True} if event.cause is rf.RefundCause.RULE else {}
    return told | {"entries": (*refund.entries, entry)}


def names(officer: str | None, acting_for: str | None) -> tuple[str, ...]:
    """Who did something, and in whose place."""
    return tuple(name for name in (officer, acting_for) if name is not None)


def _of(refund: Refund, case: int, **change: Any) -> Change:
    entries = (entry.model_copy(update=change) if entry.case == case else entry for entry in refund.entries)
    return {"entries": tuple(entries)}


def entry_of(refund: Refund, case: int, *states: CaseState) -> RefundEntry | None:
    """The case of this number, if it stands so."""
    return next((entry for entry in refund.entries if entry.case == case and entry.state in states), None)


def in_state(refund: Refund, state: CaseState) -> tuple[RefundEntry, ...]:
    """The cases that stand so."""
    return tuple(entry for entry in refund.entries if entry.state is state)


def left(refund: Refund) -> int:
    """How many đồng of the capture no case speaks of that was not declined."""
    amount = 0 if refund.capture is None else refund.capture.amount
    return amount - sum(entry.amount for entry in refund.entries if entry.state is not CaseState.DECLINED)


def to_give(refund: Refund) -> tuple[RefundEntry, ...]:
    """What the provider is to give back now. That two have agreed is looked at once more."""
    return tuple(entry for entry in in_state(refund, CaseState.APPROVED) if entry.separate)


def is_open(refund: Refund) -> bool:
    """Whether something has yet to be done, by the provider or by people."""
    ended = {CaseState.DECLINED, CaseState.GIVEN}
    return refund.undecided is not None or any(entry.state not in ended for entry in refund.entries)
