"""What the record must bear out before an event is written: who the officer is, that money and parcels are real."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from pydantic import TypeAdapter

from activities.ledger.database import Connection
from rules.evidence import Entry, Evidence
from rules.streams import StreamKind
from schemas.errors import Problem, Refusal, RefusalCode, problem
from schemas.filing.events import Reassigned
from schemas.ids import StreamId
from schemas.people import OFFICERS, Actor, Role
from schemas.stream.ledger import Batch


async def unproved(connection: Connection, kind: StreamKind[Any], batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """What the record does not bear out of a batch, before it is asked who writes it."""
    return [
        *_writer(kind, batch.actor),
        *await _assignees(connection, batch, events),
        *await _facts(connection, kind, batch, events),
    ]


def refusal(actor: Actor, unproved: list[Problem], *, in_directory: bool) -> Refusal | None:
    """Why a batch is refused, or None. `in_directory`: its actor is an active officer there."""
    problems = (*_officer(actor, in_directory=in_directory), *unproved)
    return Refusal(code=RefusalCode.NOT_AUTHORISED, problems=problems) if problems else None


def _writer(kind: StreamKind[Any], actor: Actor) -> list[Problem]:
    if actor.role in kind.writers:
        return []
    return [problem("actor.role", "may_not_write", "vai trò này không ghi vào đây", "this role does not write here")]


def _officer(actor: Actor, *, in_directory: bool) -> list[Problem]:
    if in_directory or actor.role not in OFFICERS:
        return []
    return [
        problem(
            "actor",
            "not_in_directory",
            f"danh bạ của cơ quan không có người này với vai trò {actor.role}",
            f"the agency's directory does not know this person as {actor.role}",
        )
    ]


async def _assignees(connection: Connection, batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """Whoever is given a task must be an officer in its role."""
    given = [event for event in events if isinstance(event, Reassigned)]
    return [
        problem(
            "officer",
            "not_in_directory",
            f"danh bạ của cơ quan không có cán bộ này với vai trò {event.role}",
            f"the agency's directory does not know this officer as {event.role}",
        )
        for event in given
        if not await _active(connection, batch.agency, event.officer, event.role)
    ]


async def _active(connection: Connection, agency: str, subject: str, role: Role) -> bool:
    found = await connection.fetchval(
        "select active from officer where agency = $1 and subject = $2 and role = $3", agency, subject, role
    )
    return bool(found)


async def _facts(connection: Connection, kind: StreamKind[Any], batch: Batch, events: Iterable[Any]) -> list[Problem]:
    """What one stream says of another must stand there: a fee that was asked for, money that came, a parcel's end."""
    stream = StreamId.parse(batch.stream)
    for event in events:
        evidence = kind.evidence(stream, event)
        if evidence is not None and not await _borne_out(connection, batch, evidence):
            return [_NOT_RECORDED]
    return []


async def _borne_out(connection: Connection, batch: Batch, evidence: Evidence) -> bool:
    """One look for all the entries."""
    asked = [entry for entries in evidence for entry in entries]
    rows = await connection.fetch(_THERE, batch.filing_id, _ENTRIES.dump_json(asked, exclude_none=True).decode())
    stands = (row["there"] is not entry.absent for row, entry in zip(rows, asked, strict=True))
    return any(map(all, [list(islice(stands, len(entries))) for entries in evidence]))


_ENTRIES: Final = TypeAdapter(list[Entry])
_THERE: Final = """
select exists (
    select from event where filing_id = $1 and kind = any(asked.kinds)
        and convert_from(body, 'UTF8')::jsonb @> asked.fields and (asked.stream is null or stream = asked.stream)
) as there
from rows from (jsonb_to_recordset($2::jsonb) as (kinds text[], fields jsonb, stream text))
    with ordinality as asked (kinds, fields, stream, place)
order by place
"""
_NOT_RECORDED: Final = problem("", "not_recorded", "sổ không ghi nhận việc này", "the record says otherwise")
