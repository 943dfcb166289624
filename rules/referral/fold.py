"""The change that each event makes to a referral, and its next timer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rules.require import require, shared
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


def _answered(_: Referral, event: ev.ReferralAnswered, __: datetime) -> dict[str, Any]:
    return {"state": ReferralState.ANSWERED, "decision": PartDecision(**shared(PartDecision, event))}


CHANGES: Final[Mapping[type[Any], Change[Referral]]] = {
    ev.ReferralRequested: lambda _, event, at: shared(Referral, event) | {"requested_at": at},
    Claimed: lambda _, event, __: {"officer": event.officer, "acting_for": None},
    Reassigned: lambda _, event, __: {"officer": event.officer, "acting_for": event.acting_for},
    Released: lambda *_: {"officer": None, "acting_for": None},
    ev.ReferralReminded: lambda *_: {"reminded": True},
    ev.ReferralOverdue: lambda *_: {"overdue": True},
    ev.ReferralAnswered: _answered,
    ev.ReferralCancelled: lambda *_: {"state": ReferralState.CANCELLED},
    ev.ReferralCalendarChanged: lambda _, event, __: shared(Referral, event),
}
evolve = folding(CHANGES)
