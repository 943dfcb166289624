"""The fold: what each event makes of a filing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from rules import working_time
from schemas import events as ev
from schemas.commands import SupplementItem
from schemas.events import EFFECTS, Clock, Effect
from schemas.filing import (
    ClockState,
    Closing,
    Decision,
    Fee,
    FeeState,
    Filing,
    OpenSupplement,
    Proposal,
    Stage,
    Status,
)
from schemas.ledger import Recorded
from schemas.limit import Limit

Change = dict[str, Any]


def evolve(filing: Filing, recorded: Recorded) -> Filing:
    """The filing after one event that the log holds."""
    event = recorded.event
    change = _CHANGES[event.kind](filing, event, recorded.at)
    after = filing.model_copy(update=change | {"seq": recorded.seq, "changed_at": recorded.at})
    clocks = _clocks(after, event.kind, recorded.at)
    return after.model_copy(update={"clocks": clocks})


def stage(filing: Filing) -> Stage:  # noqa: PLR0911 -- one line for each stage, in the order of the law
    """What the filing waits for."""
    if filing.seq == 0:
        return Stage.DRAFT
    if filing.closed:
        return Stage.CLOSED
    if filing.supplement:
        return Stage.SUPPLEMENT
    if filing.accepted_at is None:
        return Stage.INTAKE
    if filing.fee_pending:
        return Stage.FEE
    if filing.decision is None:
        return Stage.REVIEW
    if filing.result is None:
        return Stage.ISSUE
    return Stage.PICKUP if filing.pickup else Stage.DELIVERY


_CLOSED_STATUS: Final = {
    Closing.DELIVERED: Status.RETURNED,
    Closing.INTAKE_REFUSED: Status.NOT_ACCEPTED,
    Closing.WITHDRAWN: Status.WITHDRAWN,
    Closing.FEE_EXPIRED: Status.STOPPED,
}


def status(filing: Filing) -> Status:  # noqa: PLR0911 -- one line for each status
    """The national status code, derived; never stored by hand."""
    if filing.closing is Closing.SUPPLEMENT_EXPIRED:
        return Status.STOPPED if filing.accepted_at else Status.NOT_ACCEPTED
    if filing.closing is not None:
        return _CLOSED_STATUS[filing.closing]
    if filing.result is not None:
        return Status.PROCESSED
    if filing.supplement is not None:
        return Status.SUPPLEMENT
    if filing.fee_pending:
        return Status.FINANCIAL_OBLIGATION
    if filing.processing:
        return Status.PROCESSING
    return Status.ACCEPTED if filing.accepted_at else Status.REGISTERED


def _submitted(_: Filing, event: ev.Submitted, at: datetime) -> Change:
    fields = ("code", "level", "channel", "fee_channel", "result_channel", "applicant", "filed_by", "form", "papers")
    change = {name: getattr(event, name) for name in (*fields, "address", "payer_account")}
    return change | {"submitted_at": at}


def _accepted(_: Filing, event: ev.Accepted, at: datetime) -> Change:
    return {"accepted_at": at, "automatic": event.automatic, "officer": None}


def _supplement_requested(filing: Filing, event: ev.SupplementRequested, _: datetime) -> Change:
    items = tuple(
        SupplementItem(target=need.target, code=need.code, note=note)
        for need, note in zip(event.needs, event.notes, strict=True)
    )
    opened = OpenSupplement(n=event.n, items=items, officer=event.officer, legal_basis=event.legal_basis)
    return {"supplement": opened, "supplements": filing.supplements + 1, "officer": event.officer}


def _supplemented(filing: Filing, event: ev.Supplemented, _: datetime) -> Change:
    replaced = {paper.code for paper in event.papers}
    kept = tuple(paper for paper in filing.papers if paper.code not in replaced)
    return {"supplement": None, "form": filing.form | event.form, "papers": kept + event.papers}


def _fee_requested(filing: Filing, event: ev.FeeRequested, _: datetime) -> Change:
    fee = Fee(n=event.n, amount=event.amount, lines=event.lines, channel=event.channel)
    return {"fees": (*filing.fees, fee)}


def _fee_paid(filing: Filing, event: ev.FeePaid, _: datetime) -> Change:
    paid = {"state": FeeState.PAID, "channel": event.channel, "receipt_no": event.receipt_no}
    return {"fees": _change_fee(filing, event.n, paid), "processing": True}


def _fee_expired(filing: Filing, event: ev.FeeExpired, at: datetime) -> Change:
    return {"fees": _change_fee(filing, event.n, {"state": FeeState.EXPIRED}), **_close(Closing.FEE_EXPIRED, at)}


def _change_fee(filing: Filing, n: int, change: Mapping[str, Any]) -> tuple[Fee, ...]:
    return tuple(fee.model_copy(update=change) if fee.n == n else fee for fee in filing.fees)


def _step_started(filing: Filing, _: ev.StepStarted, __: datetime) -> Change:
    return {"step": 0 if filing.step is None else filing.step + 1, "officer": None}


def _claimed(filing: Filing, event: ev.Claimed, _: datetime) -> Change:
    return {"officer": event.officer, "processing": filing.accepted_at is not None}


def _proposed(_: Filing, event: ev.Proposed, __: datetime) -> Change:
    return {"proposal": Proposal(outcome=event.outcome, officer=event.officer, reason=event.reason)}


def _decided(_: Filing, event: ev.Decided, __: datetime) -> Change:
    decision = Decision(
        outcome=event.outcome, officer=event.officer, standing_order=event.standing_order, reason=event.reason
    )
    return {"decision": decision, "officer": None, "processing": True}


def _overdue(filing: Filing, event: ev.Overdue, _: datetime) -> Change:
    late = filing.clocks[event.clock].model_copy(update={"overdue": True})
    return {"overdue": (*filing.overdue, event.clock), "clocks": filing.clocks | {event.clock: late}}


def _close(closing: Closing, at: datetime) -> Change:
    return {"closing": closing, "closed_at": at, "supplement": None, "officer": None}


def _closes(closing: Closing) -> Callable[[Filing, Any, datetime], Change]:
    return lambda _, __, at: _close(closing, at)


_CHANGES: Final[dict[str, Callable[[Filing, Any, datetime], Change]]] = {
    "submitted": _submitted,
    "accepted": _accepted,
    "intake_refused": _closes(Closing.INTAKE_REFUSED),
    "supplement_requested": _supplement_requested,
    "supplemented": _supplemented,
    "supplement_expired": _closes(Closing.SUPPLEMENT_EXPIRED),
    "fee_requested": _fee_requested,
    "fee_paid": _fee_paid,
    "fee_expired": _fee_expired,
    "step_started": _step_started,
    "claimed": _claimed,
    "released": lambda *_: {"officer": None},
    "forwarded": lambda *_: {"officer": None},
    "proposed": _proposed,
    "decided": _decided,
    "result_issued": lambda _, event, __: {"result": event.result},
    "pickup_offered": lambda *_: {"pickup": True},
    "parcel_requested": lambda _, event, __: {"parcels": event.n},
    "parcel_failed": lambda *_: {},
    "handed_over": _closes(Closing.DELIVERED),
    "withdrawn": _closes(Closing.WITHDRAWN),
    "overdue": _overdue,
}


def _clocks(filing: Filing, kind: str, at: datetime) -> dict[Clock, ClockState]:
    clocks = dict(filing.clocks)
    for clock, effect in EFFECTS[kind].items():
        turned = _turn(filing, clock, clocks.pop(clock, None), effect, at)
        if turned is not None:
            clocks[clock] = turned
    return clocks


def _turn(filing: Filing, clock: Clock, state: ClockState | None, effect: Effect, at: datetime) -> ClockState | None:
    if effect is Effect.START or (effect is Effect.RESTART and state is not None):
        limit = limit_of(filing, clock)
        return ClockState(limit=limit, started=at, due=working_time.due(at, limit))
    if state is None or effect is Effect.STOP:
        return None
    if effect is Effect.PAUSE and state.paused is None:
        return state.model_copy(update={"paused": at})
    if effect is Effect.RESUME and state.paused is not None:
        due = working_time.resume(state.due, state.paused, at)
        return state.model_copy(update={"paused": None, "due": due})
    return state


def limit_of(filing: Filing, clock: Clock) -> Limit:
    """The limit under which a clock of this filing runs now."""
    rules = filing.procedure
    if clock is Clock.STEP:
        return rules.review[filing.step or 0].limit
    if clock is Clock.SUPPLEMENT:
        return rules.supplement_limit
    if clock is Clock.PAYMENT and rules.fee is not None:
        return rules.fee.limit
    limits: dict[Clock, Limit] = {
        Clock.INTAKE: rules.limits.intake,
        Clock.PROCESSING: rules.limits.processing,
        Clock.ISSUE: rules.limits.issue,
        Clock.DELIVERY: rules.limits.delivery,
        Clock.PICKUP: rules.limits.pickup,
    }
    return limits[clock]
