"""The change that each event makes to a refund, and the work that is left."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rules.rule import Change, folding
from schemas.refund import events as ev
from schemas.refund.state import UNOWED, CaptureTaken, CaseState, Refund, RefundCause, RefundEntry

Changed = dict[str, Any]

WHOLE: Final = 0
"""The key in `since` for the refund as a whole, when officers must decide about a rule, a dispute or a charge-back."""


def _begun(_: Refund, event: ev.RefundBegun, __: datetime) -> Changed:
    capture = CaptureTaken(
        payment=event.payment,
        capture_id=event.capture_id,
        amount=event.amount,
        provider=event.provider,
        asked=event.asked,
        description=event.description,
        requested_at=event.requested_at,
        due=event.due,
        attempt=event.attempt,
    )
    return {"capture": capture, "apart": event.apart}


def _approved(refund: Refund, event: ev.RefundApproved, at: datetime) -> Changed:
    approved_by = names(event.officer, event.acting_for)
    approved = _of(refund, event.case, state=CaseState.APPROVED, approved_by=approved_by)
    return approved | {"since": refund.since | {event.case: at}}


def _left_to_hand(refund: Refund, event: ev.RefundLeftToHand, at: datetime) -> Changed:
    left_to_hand = _of(refund, event.case, state=CaseState.LEFT_TO_HAND)
    return left_to_hand | {"since": refund.since | {event.case: at}}


def _asks_officers(change: Callable[[Refund, Any], Changed]) -> Change[Refund]:
    """Returns the change, extended by the time since which officers have to decide about the refund as a whole."""
    return lambda refund, event, at: change(refund, event) | {"since": refund.since | {WHOLE: at}}


def _charged_back(refund: Refund, event: ev.RefundChargedBack) -> Changed:
    return {
        "entries": _void(refund, event.void),
        "charged_back": refund.charged_back + event.amount,
        "unanswered": refund.unanswered + (event.amount if event.owed else 0),
    }


def _void(refund: Refund, cases: tuple[int, ...]) -> tuple[RefundEntry, ...]:
    void = {"state": CaseState.VOID}
    return tuple(entry.model_copy(update=void) if entry.case in cases else entry for entry in refund.entries)


def _called_off(refund: Refund, event: ev.RefundCalledOff, at: datetime) -> Changed:
    """The change after a filing was reopened: refunds due to the former end are marked as overtaken."""
    entries = _void(refund, event.void)
    if event.reopened == refund.reopened:  # the void case belongs to the end since then, so its sum is still open
        return {"entries": entries, "ruled": refund.undecided is not None}
    by_rule = RefundCause.RULE
    overtaken = (one.model_copy(update={"overtaken": True}) if one.cause is by_rule else one for one in entries)
    return {
        "entries": tuple(overtaken),
        "ruled": False,
        "undecided": None,
        "reopened": event.reopened,
        **_too_early(refund, event.given, at),
    }


def _too_early(refund: Refund, amount: int, at: datetime) -> Changed:
    """The change by a sum that was refunded before the filing was reopened; none if the sum is 0."""
    if not amount:
        return {}
    sums = {"unanswered": refund.unanswered + amount, "too_early": refund.too_early + amount}
    return sums | {"since": refund.since | {WHOLE: at}}


def _given(refund: Refund, event: ev.RefundGiven | ev.RefundGivenByHand, at: datetime) -> Changed:
    """The change after a paid refund. If the filing had been reopened before, a leader must decide about the fee."""
    given = next(entry for entry in refund.entries if entry.case == event.case)
    too_early = _too_early(refund, given.amount, at) if given.overtaken else {}
    return too_early | _of(refund, event.case, state=CaseState.GIVEN)


def _answered(refund: Refund, event: ev.ChargeBackAnswered, _: datetime) -> Changed:
    answered: Changed = {"unanswered": 0, "too_early": 0}
    if event.again is None:
        return answered
    again = {"asked_again": (*refund.asked_again, event.amount)}
    return answered | again | {"too_early_again": refund.too_early_again + refund.too_early}


def _opened(refund: Refund, event: ev.RefundOpened, at: datetime) -> Changed:
    asked_by = (*names(event.officer, event.acting_for), *event.ended)
    said = {name: getattr(event, name) for name in ("case", "amount", "cause", "lines")}
    entry = RefundEntry(**said, asked_by=asked_by, by_leader=event.by_leader is True)
    told: Changed = {"unowed": event.cause} if event.cause in UNOWED - {RefundCause.EXCESS} else {}
    told |= {"ruled": True} if event.cause is RefundCause.RULE else {}
    return told | {"entries": (*refund.entries, entry), "since": refund.since | {event.case: at}}


CHANGES: Final[Mapping[type[Any], Change[Refund]]] = {
    ev.RefundBegun: _begun,
    ev.RefundUndecided: _asks_officers(lambda _, event: {"undecided": event.rule, "ruled": True}),
    ev.RefundDecided: lambda *_: {"undecided": None},
    ev.RefundOpened: _opened,
    ev.RefundApproved: _approved,
    ev.RefundDeclined: lambda refund, event, _: _of(refund, event.case, state=CaseState.DECLINED),
    ev.RefundAsked: lambda refund, event, _: _of(refund, event.case, requests=event.n),
    ev.RefundLeftToHand: _left_to_hand,
    ev.RefundGiven: _given,
    ev.RefundGivenByHand: _given,
    ev.RefundDisputed: _asks_officers(lambda *_: {"disputed": True}),
    ev.ShortfallProposed: lambda _, event, __: {
        "accepted_by": names(event.officer, event.acting_for),
        "forgone": event.forgone,
    },
    ev.ShortfallAccepted: lambda _, event, __: {"accepted": True, "forgone": event.forgone},
    ev.ShortfallMadeUp: lambda refund, event, _: {"disputed": False, "entries": _void(refund, event.void)},
    ev.RefundChargedBack: _asks_officers(_charged_back),
    ev.RefundCalledOff: _called_off,
    ev.ChargeBackAnswered: _answered,
}

evolve = folding(CHANGES)
_WHENEVER: Final = datetime.min.replace(tzinfo=UTC)
"""A placeholder for the time of an event that is not recorded yet: its effects do not depend on the time."""


def after(refund: Refund, event: ev.RefundEvent) -> Refund:
    """The refund as it will be after this event, which is not recorded yet."""
    return refund.model_copy(update=CHANGES[type(event)](refund, event, _WHENEVER))


def names(officer: str | None, acting_for: str | None) -> tuple[str, ...]:
    """The acting officer, and the officer they substitute for, if any."""
    return tuple(name for name in (officer, acting_for) if name is not None)


def _of(refund: Refund, case: int, **change: Any) -> Changed:
    entries = (entry.model_copy(update=change) if entry.case == case else entry for entry in refund.entries)
    return {"entries": tuple(entries)}


def entry_of(refund: Refund, case: int, state: CaseState) -> RefundEntry | None:
    """The case of this number; None unless it is in this state."""
    return next((entry for entry in in_state(refund, state) if entry.case == case), None)


def count_over(refund: Refund) -> int:
    """The number of declined and void cases, whose sums are available again."""
    return sum(entry.state in OVER for entry in refund.entries)


def in_state(refund: Refund, state: CaseState) -> tuple[RefundEntry, ...]:
    """The cases in this state."""
    return tuple(entry for entry in refund.entries if entry.state is state)


def left(refund: Refund) -> int:
    """The sum in đồng that is left of the capture after charge-backs and all cases that are not declined or void."""
    amount = 0 if refund.capture is None else refund.capture.amount
    going = sum(entry.amount for entry in refund.entries if entry.state not in OVER)
    return max(amount - refund.charged_back - going, 0)


OVER: Final = {CaseState.DECLINED, CaseState.VOID}
"""The states of a case that returns nothing."""


def total(refund: Refund, *states: CaseState) -> int:
    """The sum in đồng of the cases in these states."""
    return sum(entry.amount for entry in refund.entries if entry.state in states)


def still_to_go(refund: Refund, cause: RefundCause) -> int:
    """The sum in đồng of the refunds for this cause, both paid and still to be paid."""
    return sum(entry.amount for entry in refund.entries if entry.cause is cause and entry.state not in OVER)


def gone_twice(refund: Refund) -> int:
    """The sum in đồng that the agency returned and that was also charged back."""
    captured = 0 if refund.capture is None else refund.capture.amount
    return max(refund.charged_back + total(refund, CaseState.GIVEN) - captured, 0)


def to_give(refund: Refund) -> tuple[RefundEntry, ...]:
    """The agreed cases that the provider is to pay out now, one after another.

    A case that was already requested comes first: a provider's query reports only the last refund of a transaction.
    """
    agreed = (entry for entry in in_state(refund, CaseState.APPROVED) if entry.separate)
    return tuple(sorted(agreed, key=lambda entry: not entry.requests))


def to_give_first(refund: Refund, case: int) -> RefundEntry | None:
    """The case of this number; None unless it is the first case that the provider is to pay out."""
    return next((entry for entry in to_give(refund)[:1] if entry.case == case), None)


def in_dispute(refund: Refund) -> bool:
    """Whether officers have yet to decide about the rest of a short payment."""
    return refund.disputed and not refund.accepted and refund.unowed is None and left(refund) > 0


def is_open(refund: Refund) -> bool:
    """Whether work is left: for the provider, for officers, or the return of money that is not owed."""
    if refund.unowed is not None and left(refund):
        return True
    asked = refund.undecided is not None or in_dispute(refund) or refund.unanswered > 0
    return asked or any(entry.state not in {*OVER, CaseState.GIVEN} for entry in refund.entries)
