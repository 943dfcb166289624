"""The effort of an applicant: working days, and visits to a counter."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from rules.time.worked import working_days
from rules.time.working_time import local_day
from schemas.filing import events as ev
from schemas.filing.state import Filing
from schemas.level import Channel
from schemas.papers.custody import Effort
from schemas.people import Role
from schemas.publishing.procedure import Baseline
from schemas.stream.ledger import Recorded


def effort(events: Sequence[Recorded], filing: Filing, now: datetime, baseline: Baseline | None) -> Effort:
    """The effort of a filing after its events; of an open filing, the effort up to `now`."""
    begun = events[0].event.received_at or events[0].at
    ended = filing.closed_at or now
    return Effort(
        working_days=working_days(begun, max(ended, begun), filing.calendar),
        visits=len(_days_at_a_counter(events)),
        baseline=baseline,
    )


def _days_at_a_counter(events: Sequence[Recorded]) -> set[date]:
    """The days with an act at the counter: all acts of one day count as one visit."""
    return {local_day(recorded.at) for recorded in events if _at_a_counter(recorded.event, recorded.actor.role)}


def _at_a_counter(event: Any, role: Role) -> bool:
    """Whether the applicant was at a counter: by the event's channel, or as the desk recorded the applicant's act."""
    match event:
        case ev.Submitted(channel=channel) | ev.Supplemented(channel=channel) | ev.FeePaid(channel=channel):
            return channel is Channel.COUNTER
        case ev.HandedOver(channel=channel):
            return channel is Channel.COUNTER
        case ev.Answered() | ev.DraftConfirmed() | ev.DraftCorrected() | ev.Withdrawn():
            return role is Role.RECEPTION
        case _:
            return False
