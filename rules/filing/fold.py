"""The change that each event makes to a filing."""

from typing import Any, Final

from rules.filing.changes import CHANGES, hands, last_move
from rules.filing.clocks import apply_event
from rules.filing.reopening import standing_act
from schemas.filing.events import Clock, Events, ParcelRecalled
from schemas.filing.state import Closing, Filing, Stage, Status
from schemas.people import OFFICERS, Role
from schemas.privacy import Erased
from schemas.publishing.procedure_rules import StepPart
from schemas.stream.ledger import Recorded


def evolve(filing: Filing, recorded: Recorded) -> Filing:
    """The filing after one recorded event."""
    event = recorded.event
    if isinstance(event, Erased):
        return filing.model_copy(update={"seq": recorded.seq, "erased_at": recorded.at})
    change = CHANGES[type(event)](filing, event, recorded.at)
    moved = {"last_move": last_move(filing, recorded), "act": standing_act(filing, recorded)}
    moved |= hands(filing, recorded)
    handed_on = change.get("officer", filing.officer) != filing.officer
    own: dict[str, Any] = {"acting_for": None} if handed_on else {}
    if change.get("closing") is not None:
        own |= {"closed_by": recorded.actor.subject if recorded.actor.role in OFFICERS else None}
    after = filing.model_copy(update=moved | own | change | {"seq": recorded.seq, "changed_at": recorded.at})
    return after.model_copy(update=apply_event(after, recorded))


def stage(filing: Filing) -> Stage:  # noqa: C901, PLR0911, PLR0912 -- one line for each stage, in the order of the law
    """The stage of the filing: the act that it waits for."""
    if filing.seq == 0:
        return Stage.DRAFT
    if filing.closed:
        return Stage.CLOSED
    if filing.stays:
        return Stage.STAYED
    if filing.ceased and not _in_the_making(filing):
        return Stage.SUCCESSION
    if filing.supplement:
        return Stage.SUPPLEMENT
    if filing.fee_pending:
        return Stage.FEE
    if filing.accepted_at is None:
        return Stage.INTAKE
    if filing.suspended:
        return Stage.SUSPENDED
    if filing.obligation is not None:
        return Stage.OBLIGATION
    if filing.draft is not None:
        return Stage.CONFIRMATION
    if filing.decision is None:
        return Stage.REVIEW
    if filing.result is None:
        return Stage.ISSUE
    if filing.offered:
        return Stage.READING
    return Stage.PICKUP if filing.pickup else Stage.DELIVERY


def but_for_stays(filing: Filing) -> Filing:
    """The filing as if no complaint had stopped it, at the stage at which it was stopped."""
    return filing.model_copy(update={"stays": ()})


def _in_the_making(filing: Filing) -> bool:
    """Whether the result of a decided filing is being made; this work goes on even without an applicant."""
    return filing.decision is not None and filing.result is None


def nothing_on_its_way(filing: Filing) -> bool:
    """Whether a filing that waits for a successor can end: no result is being made, and none is with the post."""
    return stage(filing) is Stage.SUCCESSION and Clock.DELIVERY not in filing.clocks


def parcel_recalled(filing: Filing) -> Events:
    """The recall of the parcel that is on its way to the applicant; none if there is no such parcel."""
    to_recall = Clock.DELIVERY in filing.clocks and filing.recalled is None
    return (ParcelRecalled(n=filing.parcels),) if to_recall else ()


_CLOSED_STATUS: Final = {
    Closing.DELIVERED: Status.RETURNED,
    Closing.INTAKE_REFUSED: Status.NOT_ACCEPTED,
    Closing.WITHDRAWN: Status.WITHDRAWN,
    Closing.STOPPED: Status.STOPPED,
}


def status(filing: Filing) -> Status:  # noqa: PLR0911 -- one line for each status
    """The national status code, derived from the state; it is never stored by hand."""
    if filing.closing is Closing.LAPSED and filing.decision is not None:
        return Status.PROCESSED
    if filing.closing in {Closing.SUPPLEMENT_EXPIRED, Closing.FEE_EXPIRED, Closing.LAPSED}:
        return Status.STOPPED if filing.accepted_at else Status.NOT_ACCEPTED
    if filing.closing is not None:
        return _CLOSED_STATUS[filing.closing]
    if filing.result is not None or filing.lost_copy is not None:
        return Status.PROCESSED
    if filing.supplement is not None:
        return Status.SUPPLEMENT
    if filing.accepted_at is None:
        return Status.REGISTERED
    if filing.suspended:
        return Status.STOPPED
    if filing.fee_pending or (filing.obligation is not None and filing.obligation.amount is not None):
        return Status.FINANCIAL_OBLIGATION
    return Status.PROCESSING if filing.processing else Status.ACCEPTED


def current_step(filing: Filing) -> StepPart | None:
    """The running review step, if any. A step also runs while an obligation is open."""
    return filing.begun_step if stage(filing) in {Stage.REVIEW, Stage.OBLIGATION} else None


def task_role(filing: Filing) -> Role:
    """The role of the officers who may claim the filing's task at its present stage."""
    step = current_step(filing)
    return Role.RECEPTION if step is None else step.role


def missing_opinions(filing: Filing, step: StepPart) -> tuple[str, ...]:
    """The consulted bodies of this step without an answer yet."""
    given = {opinion.party for opinion in filing.opinions if opinion.step == step.code}
    asked = () if step.consult is None else step.consult.parties
    return tuple(party.code for party in asked if party.code not in given)
