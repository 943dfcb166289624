"""The reopening of a filing: an upheld complaint undoes an act and all that followed from it, but not payments."""

from datetime import datetime
from typing import Any, Final

from schemas.filing import events as ev
from schemas.filing.state import Fee, FeeState, Filing, FilingPart, IssuedResult
from schemas.publishing.procedure import Act
from schemas.stream.ledger import Recorded

UNDONE: Final = frozenset({"intake_refused", "supplement_expired", "suspended", "stopped", "decided", "lapsed"})
"""The acts of the agency that an upheld complaint undoes."""

_OVERTAKEN_BY: Final = frozenset({"resumed", "withdrawn", "fee_expired", "reopened", "refusal_revoked"})
"""Events after which an earlier act of the agency no longer determines the filing's state."""

NOT_OFFERED: Final = {
    "offered": False,
    "link": None,
    "link_sha256": None,
    "pickup": False,
    "pickup_code": None,
    "wrong_codes": 0,
}
"""The fields of a result that is not offered."""


def standing_act(filing: Filing, recorded: Recorded) -> int | None:
    """The seq of the agency's act that determines the filing's state after this event; None if no act does."""
    if recorded.event.kind in UNDONE:
        return recorded.seq
    return None if recorded.event.kind in _OVERTAKEN_BY else filing.act


def stands(filing: Filing, about: int) -> bool:
    """Whether the filing is still ended or suspended by the act with this seq."""
    return filing.act == about and (filing.closed or filing.suspended)


def places(filing: Filing) -> tuple[str | None, ...]:
    """The points at which the filing may restart: the intake, as None, and each reached review step, as its code."""
    if filing.accepted_at is None:
        return (None,)
    steps = [step.code for step in filing.procedure.review]
    return (None, *steps[: steps.index(filing.step) + 1 if filing.step else 1])


def reopened(filing: Filing, event: ev.Reopened, at: datetime) -> dict[str, Any]:
    """The change when the filing is reopened. A review step begins only with the next event."""
    steps = [step.code for step in filing.procedure.review]
    place = 0 if event.step is None else steps.index(event.step)
    at_intake = event.step is None
    ahead = set(steps[place:])
    return {
        "ceased": _awaits_successor(filing),
        "closing": None,
        "closed_by": None,
        "closed_at": None,
        "accepted_at": None if at_intake else filing.accepted_at,
        "automatic": False,
        "processing": not at_intake,
        "step": steps[place - 1] if place else None,
        "officer": None,
        "supplement": None,
        "supplements_in_review": 0,
        "supplements_before": filing.supplements,
        "opinions": tuple(opinion for opinion in filing.opinions if opinion.step not in ahead),
        "obligation": None,
        "draft": None,
        "parts": _asked_anew(filing),
        "suspended": False,
        "fees": tuple(no_longer_due(fee) for fee in filing.fees),
        "proposal": filing.proposal if event.step and comes_after_proposal(filing, event.step) else None,
        "decision": None,
        "result": None,
        "results": tuple(overtaken(result, at) for result in filing.results),
        **NOT_OFFERED,
        "parcels_before": filing.parcels,
        "parcel_end": None,
        "recalled": None,
        "elsewhere": None,
        "delivery_changes": 0,
        "copy_number": 1,
        "lost_copy": None,
        "intake_apologised": False,
        "early": False,
        "machine_failing": None,
        "reopened": filing.reopened + 1,
    }


def _awaits_successor(filing: Filing) -> bool:
    """Whether the filing waits for a successor. The reopening of a lapsed filing ends this wait."""
    return filing.ceased and not filing.closed


def overtaken(result: IssuedResult, at: datetime) -> IssuedResult:
    """The result, marked as overtaken: the applicant may still hold the paper, but the paper is no longer valid."""
    return result if result.overtaken_at else result.model_copy(update={"overtaken_at": at})


def _asked_anew(filing: Filing) -> tuple[FilingPart, ...]:
    """The referred parts after a restart. Decided parts stay; parts cancelled by the filing's end are referred anew."""
    let_off = {
        part.n: n for n, part in enumerate(filing.parts_to_cancel, max((p.n for p in filing.parts), default=0) + 1)
    }
    return tuple(
        FilingPart(n=let_off[part.n], step=part.step, code=part.code, agency=part.agency, limit=part.limit)
        if part.n in let_off
        else part
        for part in filing.parts
    )


def no_longer_due(fee: Fee) -> Fee:
    """The fee, marked as cancelled if it was still due."""
    return fee.model_copy(update={"state": FeeState.CANCELLED}) if fee.state is FeeState.DUE else fee


def comes_after_proposal(filing: Filing, step: str) -> bool:
    """Whether this step comes after the step that proposes: a return to it leaves the proposal valid."""
    steps = filing.procedure.review
    proposing = next((n for n, part in enumerate(steps) if part.act is Act.PROPOSE), -1)
    return [part.code for part in steps].index(step) > proposing
