"""The change that each event makes to a referral, and the next moment of its clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rules.known import known
from schemas import referral as rf
from schemas.backoffice import PartDecision
from schemas.filing import events as ev
from schemas.referral import Referral, ReferralState
from schemas.stream.ledger import Recorded


def is_open(referral: Referral) -> bool:
    return referral.state is ReferralState.OPEN


def next_moment(referral: Referral) -> datetime | None:
    """When its clock tells something next."""
    if not is_open(referral) or referral.overdue:
        return None
    return known(referral.due) if referral.reminded else min(known(referral.remind_at), known(referral.due))


def evolve(referral: Referral, recorded: Recorded) -> Referral:
    """The referral after one event."""
    return referral.model_copy(update=_change(recorded) | {"seq": recorded.seq})


def _change(recorded: Recorded) -> dict[str, Any]:  # noqa: PLR0911 -- one line for each event
    match recorded.event:
        case rf.ReferralRequested() as event:
            kept = ("part", "lead", "dossier", "filed_by", "reminder", "remind_at", "limit", "since", "calendar", "due")
            return {name: getattr(event, name) for name in kept} | {"requested_at": recorded.at}
        case ev.Claimed(officer=officer):
            return {"officer": officer, "acting_for": None}
        case ev.Reassigned(officer=officer, acting_for=acting_for):
            return {"officer": officer, "acting_for": acting_for}
        case ev.Released():
            return {"officer": None, "acting_for": None}
        case rf.ReferralReminded():
            return {"reminded": True}
        case rf.ReferralOverdue():
            return {"overdue": True}
        case rf.ReferralAnswered() as event:
            decision = PartDecision.model_validate(event.model_dump(exclude={"kind", "automatic", "acting_for"}))
            return {"state": ReferralState.ANSWERED, "decision": decision}
        case rf.ReferralCancelled():
            return {"state": ReferralState.CANCELLED}
        case rf.ReferralCalendarChanged(calendar=calendar, due=due, remind_at=remind):
            return {"calendar": calendar, "due": due, "remind_at": remind}
        case _:
            msg = f"{recorded.event.kind} is no event of a referral"
            raise TypeError(msg)
