"""The timeline: those events of a filing, its payments, parcels and other streams that an audience may see."""

from typing import Any, Final

from rules.filing.lifecycle import status
from schemas.base import Personal, fields_marked
from schemas.errors import NOT_FOUND, RefusalError
from schemas.filing.state import Filing
from schemas.people import OFFICERS
from schemas.reading import Audience, TimelineEntry
from schemas.stream.ledger import Recorded
from views.log import Log, LoggedStream


async def timeline(log: Log, stream: str, audience: Audience) -> tuple[TimelineEntry, ...]:
    """Returns the events of all streams of a filing, in the order of time."""
    names = [row["stream"] for row in await log.connection.fetch(STREAMS, stream)]
    if not names:
        raise RefusalError(NOT_FOUND)
    entries = [entry for name in names for entry in _entries(await log.read(name), audience)]
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.stream, entry.seq)))


def _entries(told: LoggedStream, audience: Audience) -> list[TimelineEntry]:
    return [
        _entry(told, recorded, state, audience)
        for recorded, state in zip(told.events, told.states(), strict=True)
        if audience is not Audience.PUBLIC or isinstance(state, Filing)
    ]


def _entry(told: LoggedStream, recorded: Recorded, state: Any, audience: Audience) -> TimelineEntry:
    kind = told.kind
    at_status = int(status(state)) if isinstance(state, Filing) else None
    known = TimelineEntry(
        stream=told.stream, seq=recorded.seq, kind=recorded.event.kind, at=recorded.at, status=at_status
    )
    if audience is Audience.PUBLIC or (audience is Audience.APPLICANT and type(recorded.event) not in kind.shown):
        return known
    actor, event = recorded.actor, recorded.event
    sealed = fields_marked(type(event), Personal)
    seen: dict[str, Any] = {
        "role": actor.role,
        "agency": actor.agency,
        "subject": actor.subject if actor.role in OFFICERS or audience is Audience.OFFICER else None,
        "body": event.model_dump(mode="json", exclude_none=True, exclude={"kind", *sealed}),
    }
    if audience in _MAY_SEE_PERSONS:
        secrets = kind.for_applicants.get(type(event), frozenset())
        hidden = kind.for_officers if audience is Audience.APPLICANT else secrets
        seen["personal"] = event.model_dump(mode="json", exclude_none=True, include={*sealed} - hidden) or None
    return known.model_copy(update=seen)


_MAY_SEE_PERSONS: Final = frozenset({Audience.APPLICANT, Audience.OFFICER})
"""The audiences that see the encrypted parts of events; an applicant sees these only in their own filing."""

STREAMS: Final = """
select distinct stream from event
where filing_id = (select filing_id from stream where stream = $1 and head_seq > 0)
    and not starts_with(stream, 'restarts:')
order by stream
"""
"""SQL: the streams of the filing to which a stream belongs."""
