"""Automatic consequences of a filing's state: a fee falls due, a step begins, the result is delivered."""

from datetime import datetime

from rules.filing.fees.assessment import asked_for, charged_back, reduced
from rules.filing.fold import current_step, missing_opinions, nothing_on_its_way, stage
from rules.filing.submission import admission
from rules.require import require
from schemas.filing import events as ev
from schemas.filing.commands import TargetKind
from schemas.filing.events import SPOILT, Clock, Outcome
from schemas.filing.state import MOST_BY_POST, FeeState, Filing, PartStage, Stage
from schemas.level import Channel
from schemas.people import SYSTEM
from schemas.publishing.fee import FeeDue
from schemas.publishing.procedure_rules import StepPart
from schemas.translate import said


def consequence(filing: Filing) -> ev.Event | None:
    """The next automatic event in this state; None if nothing follows automatically."""
    if filing.stays:
        return None
    if filing.ceased:
        return None if _may_be_succeeded(filing) or not nothing_on_its_way(filing) else ev.Lapsed()
    if filing.closed or filing.supplement or filing.fee_pending:
        return None
    return _infected(filing) or _fee(filing) or _proceeding(filing)


def _proceeding(filing: Filing) -> ev.Event | None:
    """The next event of the review, or of the delivery; None before the acceptance, and while the result is made."""
    if filing.accepted_at is None:
        return None
    if filing.decision is None:
        return _next_step(filing)
    return None if filing.result is None else _delivery(filing)


def _may_be_succeeded(filing: Filing) -> bool:
    """Whether a successor may still step in: the right can pass on, and the time to step in is not over."""
    clock = filing.clocks.get(Clock.SUCCESSION)
    return clock is not None and not clock.overdue


def _infected(filing: Filing) -> ev.SupplementRequested | None:
    """The system's request to replace infected files, if any. This request does not count as an officer's."""
    papers = {paper.code for paper in filing.procedure.papers}
    codes = [code for code in filing.infected if code in papers]
    if not codes or stage(filing) not in {Stage.INTAKE, Stage.REVIEW}:
        return None
    note, basis = (f"{words.vi} ({words.en})" for words in (said("infected_file.note"), said("infected_file.basis")))
    return ev.SupplementRequested(
        n=filing.supplements + 1,
        needs=tuple(ev.SupplementNeed(target=TargetKind.PAPER, code=code) for code in codes),
        officer=SYSTEM.subject,
        notes=(note,) * len(codes),
        legal_basis=basis,
    )


def _fee(filing: Filing) -> ev.FeeRequested | ev.FeeReduced | None:
    rule = filing.procedure.fee
    at = None if rule is None else _asked_as_of(filing, rule.due)
    if rule is None or at is None:
        return None
    channel = filing.fee_channel or admission.fee_channel(rule, filing.level, filing)
    return asked_for(filing, rule, channel, at) or reduced(filing, rule, at)


def _asked_as_of(filing: Filing, due: FeeDue) -> datetime | None:
    """The moment as of which the fee is assessed; None if it is not assessed now.

    The fee is assessed when it falls due, after a waiver and after a change of the dossier. After a charge-back, it is
    assessed once no suspension, obligation or confirmation interrupts the review.
    """
    now, changed = require(filing.changed_at), filing.dossier_changed_at
    if filing.fee is not None and filing.fee.state is FeeState.WAIVED:
        return now
    if not _falls_due(filing, due):
        return None
    if charged_back(filing):
        held_up = stage(filing) in {Stage.SUSPENDED, Stage.OBLIGATION, Stage.CONFIRMATION}
        return None if held_up else now
    asked = any(fee.state is not FeeState.CANCELLED for fee in filing.fees)
    under_review = due is not FeeDue.RESULT and filing.step is not None
    return changed if asked or under_review else now


def _falls_due(filing: Filing, due: FeeDue) -> bool:
    if due is FeeDue.RESULT:
        approved = filing.decision is not None and filing.decision.outcome is Outcome.APPROVED
        return approved and filing.result is not None
    handed_in = due is FeeDue.SUBMISSION and not filing.missing
    return filing.decision is None and (handed_in or filing.accepted_at is not None)


def _next_step(filing: Filing) -> ev.Event | None:
    if filing.automatic:
        officer, order = str(filing.procedure.standing_officer), filing.procedure.standing_order
        return ev.Decided(outcome=Outcome.APPROVED, officer=officer, standing_order=order)
    step = current_step(filing)
    if step is not None and Clock.STEP in filing.clocks:
        return _answered(filing, step) if step.referral is None else _referral(filing, step)
    if filing.suspended or filing.draft is not None or Clock.STEP in filing.clocks:
        return None
    steps = [step.code for step in filing.procedure.review]
    return ev.StepStarted(step=steps[0 if filing.step is None else steps.index(filing.step) + 1])


def _answered(filing: Filing, step: StepPart) -> ev.ConsultationClosed | None:
    """The event that ends a consultation; None if an opinion is still missing, or if the step consults nobody."""
    answered = step.consult is not None and not missing_opinions(filing, step)
    return ev.ConsultationClosed(step=step.code) if answered else None


def _referral(filing: Filing, step: StepPart) -> ev.Referred | ev.PartsDecided | None:
    """The next referral, or the event that ends the step once all parts are answered; None while an answer is missing.

    Referrals on paper follow one after another (Decree 61/2018 art. 19 k6).
    """
    parts = [part for part in filing.parts if part.step == step.code]
    if all(part.stage is PartStage.ANSWERED for part in parts):
        return ev.PartsDecided(step=step.code)
    planned = next((part for part in parts if part.stage is PartStage.PLANNED), None)
    if planned is None or (filing.channel is not Channel.ONLINE and filing.parts_under_way):
        return None
    return ev.Referred(n=planned.n, step=step.code, part=planned.code, agency=planned.agency)


def _delivery(filing: Filing) -> ev.Event | None:
    if filing.offered or filing.pickup or Clock.DELIVERY in filing.clocks:
        return None
    if (end := filing.parcel_end) in SPOILT:
        return ev.ReissueRequested(copy_number=filing.copy_number + 1, parcel=filing.parcels, outcome=end)
    if filing.result_channel is Channel.ONLINE:
        read_first = filing.procedure.limits.reading is not None
        return ev.ResultOffered(n=filing.links + 1) if read_first else ev.HandedOver(channel=Channel.ONLINE)
    if filing.result_channel is Channel.POST and end is None and filing.copy_number <= MOST_BY_POST:
        return ev.ParcelRequested(n=filing.parcels + 1)
    return ev.PickupOffered()
