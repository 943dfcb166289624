"""Publications that wait for a second operator: their list, approval, refusal, and the setting that requires this."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from console.database import Database
from console.operators import same_hands, see_role
from console.speaking import refuse_same_program, via_of
from publishing.authoring.absences import Absence, misfits
from publishing.record.log import Dated, Stored, known_keys, signed_by, stored
from publishing.record.publications import place_of
from publishing.record.publishing import NoKeyError, Publisher, Publishing, publishing
from rules.rule import refuse
from schemas.errors import problem
from schemas.publishing import events as ev
from schemas.publishing.commands import ApprovePublication, DeclinePublication
from views.log import Connection


class HistoryEntry(NamedTuple):
    """A recorded event of a publication, with its stream, time and officer."""

    stream: str
    seq: int
    at: datetime
    kind: str
    officer: str
    agency: str | None
    asked: int | None


class Waiting(NamedTuple):
    """The unanswered request with the number `n`: its time, its operator, and its events without people's names."""

    n: int
    at: datetime
    officer: str
    agency: str | None
    events: tuple[dict[str, Any], ...]


async def require_two(database: Database, by: Publisher, *, on: bool) -> None:
    """Sets whether changes of fees, limits or roles need a second operator. Raises `RefusalError`, `WaitsError`."""
    async with publishing(database, by) as now:
        await see_role(now.connection, now.by.actor)
        await now.publish([ev.TwoRequired(on=on)])


async def approve(database: Database, n: int, by: Publisher) -> Sequence[ev.PublicationEvent]:
    """Approves another operator's request `n`, and returns its events. Raises `RefusalError`, `NoKeyError`."""
    async with publishing(database, by) as now:
        asked, event = await _request(now, n)
        if await same_hands(now.connection, asked.actor, by.actor, now.at):
            raise refuse(problem("actor.subject", "needs_another"))
        via = await via_of(now.connection, by.act(ApprovePublication, asked=n))
        refuse_same_program(signed_by(asked.via), via)
        if await now.connection.fetchval(_CHANGED, [place_of(one).stream for one in event], asked.at):
            raise refuse(problem("asked", "changed_since"))
        for absence in (one for one in event if isinstance(one, ev.AbsenceRecorded)):
            wanted = absence.agency, absence.subject, absence.role, absence.first_day, absence.last_day
            if wrong := await misfits(now.connection, Absence(*wanted, absence.substitute)):
                raise refuse(*wrong)
        await now.record([Dated(ev.PublicationApproved(asked=n), now.at)], via=via)
        await now.record([Dated(one.model_copy(update={"asked": n}), now.at) for one in event], asked.actor, asked.via)
    return event


async def decline(database: Database, n: int, reason: str, by: Publisher) -> None:
    """Declines request `n`. The operator may be the one who made the request. Raises `RefusalError`."""
    async with publishing(database, by) as now:
        await _request(now, n, read=False)
        via = await via_of(now.connection, by.act(DeclinePublication, asked=n, reason=reason))
        await now.record([Dated(ev.PublicationDeclined(asked=n, reason=reason), now.at)], via=via)


async def waiting(connection: Connection) -> list[Waiting]:
    """Returns the unanswered requests, by number."""
    asked: dict[int, Waiting] = {}
    async with connection.transaction(readonly=True):
        async for one in stored(connection, {}):
            if isinstance(one.event, ev.PublicationAsked) and one.event.asked is not None:
                n, events = one.event.asked, tuple(map(json.loads, one.event.events))
                asked[n] = Waiting(n, one.at, one.actor.subject, one.actor.agency, events)
            elif isinstance(one.event, ev.PublicationApproved | ev.PublicationDeclined):
                asked.pop(one.event.asked or 0, None)
    return [asked[n] for n in sorted(asked)]


async def history(connection: Connection) -> list[HistoryEntry]:
    """Returns all events of publications, also requests and their answers, in the order of time."""
    async with connection.transaction(readonly=True):
        entries = [
            HistoryEntry(
                one.stream, one.seq, one.at, one.event.kind, one.actor.subject, one.actor.agency, one.event.asked
            )
            async for one in stored(connection, {})
            if one.event is not None
        ]
    return sorted(entries, key=lambda one: (one.at, one.stream, one.seq))


async def _request(now: Publishing, n: int, *, read: bool = True) -> tuple[Stored, tuple[ev.PublicationEvent, ...]]:
    """Returns the unanswered request `n` and, if `read`, its events. Raises `RefusalError`, `NoKeyError`."""
    await see_role(now.connection, now.by.actor)
    stream = place_of(ev.PublicationApproved(asked=n)).stream
    keys = await known_keys(now.connection, now.by.vault, [stream]) if now.by.vault else {}
    found = [one async for one in stored(now.connection, keys, [stream])]
    if len(found) != 1 or not isinstance(found[0].event, ev.PublicationAsked):
        raise refuse(problem("asked", "no_publication_asked"))
    if not read:
        return found[0], ()
    if not found[0].read:
        raise NoKeyError("set MOTCUA_MASTER_KEY: people are named in it")
    event = found[0].event
    personal = event.personal or ({},) * len(event.events)
    return found[0], tuple(
        _EVENT.validate_python(json.loads(public) | more) for public, more in zip(event.events, personal, strict=True)
    )


_EVENT: Final[TypeAdapter[ev.PublicationEvent]] = TypeAdapter(ev.PublicationEvent)
_CHANGED: Final = "select exists (select from event where stream = any($1) and occurred_at > $2)"
"""SQL: whether one of these streams has an event after this time. Events made for older rows have the rows' times."""
