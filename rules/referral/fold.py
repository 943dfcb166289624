"""The change that each event makes to a referral, and its next timer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rules.require import require
from rules.rule import Change, folding
from schemas.backoffice import PartDecision
from schemas.filing.events import Claimed, Reassigned, Released
from schemas.referral import events as ev
from schemas.referral.state import Referral, ReferralState


def is_open(referral: Referral) -> bool:
    return referral.state is ReferralState.OPEN


def next_moment(referral: Referral) -> datetime | None:
    """The time of the next timer: the reminder or the due time. None if the referral is over or late."""
    if not is_open(referral) or referral.overdue:
        return None
    return require(referral.due) if referral.reminded else min(require(referral.remind_at), require(referral.due))


def _requested(_: Referral, event: ev.ReferralRequested, at: datetime) -> dict[str, Any]:
    return {
        "part": event.part,
        "lead": event.lead,
        "dossier": event.dossier,
        "filed_by": event.filed_by,
        "reminder": event.reminder,
        "remind_at": event.remind_at,
        "limit": event.limit,
        "since": event.since,
        "calendar": event.calendar,
        "due": event.due,
        "requested_at": at,
    }


def _answered(_: Referral, event: ev.ReferralAnswered, __: datetime) -> dict[str, Any]:
    decision = PartDecision(
        outcome=event.outcome,
        officer=event.officer,
        reason=event.reason,
        legal_basis=event.legal_basis,
        result=event.result,
    )
    return {"state": ReferralState.ANSWERED, "decision": decision}


CHANGES: Final[Mapping[type[Any], Change[Referral]]] = {
    ev.ReferralRequested: _requested,
    Claimed: lambda _, event, __: {"officer": event.officer, "acting_for": None},
    Reassigned: lambda _, event, __: {"officer": event.officer, "acting_for": event.acting_for},
    Released: lambda *_: {"officer": None, "acting_for": None},
    ev.ReferralReminded: lambda *_: {"reminded": True},
    ev.ReferralOverdue: lambda *_: {"overdue": True},
    ev.ReferralAnswered: _answered,
    ev.ReferralCancelled: lambda *_: {"state": ReferralState.CANCELLED},
    ev.ReferralCalendarChanged: lambda _, event, __: {
        "calendar": event.calendar,
        "due": event.due,
        "remind_at": event.remind_at,
    },
}
evolve = folding(CHANGES)
