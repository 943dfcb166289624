"""What follows by itself from where a filing stands: a fee falls due, a step begins, the result goes its way."""

from __future__ import annotations

from rules import admission, fees
from schemas import events as ev
from schemas.events import Clock, Outcome
from schemas.filing import Filing
from schemas.level import Channel
from schemas.procedure import FeeDue


def consequence(filing: Filing) -> ev.Event | None:
    """The one thing that follows by itself from where the filing now stands."""
    if filing.closed or filing.supplement or filing.accepted_at is None or filing.fee_pending:
        return None
    if filing.decision is None:
        due = _fee(filing, FeeDue.ACCEPTANCE) if filing.step is None else None
        return due or _next_step(filing)
    if filing.result is None:
        return None
    due = _fee(filing, FeeDue.RESULT) if filing.decision.outcome is Outcome.APPROVED else None
    return due or _delivery(filing)


def _fee(filing: Filing, moment: FeeDue) -> ev.FeeRequested | None:
    rule = filing.procedure.fee
    if rule is None or rule.due is not moment or filing.fees:
        return None
    lines = fees.lines(rule, filing.form)
    if not lines:
        return None
    channel = filing.fee_channel or admission.fee_channel(rule, filing.level)
    return ev.FeeRequested(n=1, amount=fees.total(lines), lines=lines, channel=channel)


def _next_step(filing: Filing) -> ev.Event | None:
    if filing.automatic:
        return ev.Decided(
            outcome=Outcome.APPROVED,
            officer=str(filing.procedure.standing_officer),
            standing_order=filing.procedure.standing_order,
        )
    if Clock.STEP in filing.clocks:
        return None
    upcoming = 0 if filing.step is None else filing.step + 1
    return ev.StepStarted(step=filing.procedure.review[upcoming].code)


def _delivery(filing: Filing) -> ev.Event | None:
    if filing.pickup or Clock.DELIVERY in filing.clocks:
        return None
    if filing.result_channel is Channel.ONLINE:
        return ev.HandedOver(channel=Channel.ONLINE)
    if filing.result_channel is Channel.POST and not filing.parcels:
        return ev.ParcelRequested(n=1)
    return ev.PickupOffered()
