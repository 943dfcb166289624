"""Reads the facts that decide who may see a filing, and the recorded looks at filings."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from rules.filing.submission.representation import OF_PERSONS, over, side_after
from rules.identity.looks import SIDE, Facts
from rules.require import require as known
from rules.stream_kind import StreamKind
from schemas.errors import NOT_FOUND, RefusalError
from schemas.people import OFFICERS, Actor, Role
from schemas.reading import AccessEntry, AskAccess, Page
from views.log import Connection, Head, Key, Keys, Log, Memory, opened
from views.pages import instant, key_of, page, uuid


class About(NamedTuple):
    """A stream's head, and the facts that decide on access. `in_directory`: False for an unlisted officer."""

    in_directory: bool
    head: Head | None
    facts: Facts | None


async def about(
    connection: Connection,
    keys: Keys,
    kind: StreamKind[Any],
    stream: str,
    actor: Actor | None,
    memory: Memory | None = None,
) -> About:
    """Returns the facts that decide whether the actor may see the stream's filing. Raises `SealBrokenError`."""
    named = (actor.agency, actor.subject, actor.role) if actor and actor.role in OFFICERS else (None, None, None)
    row = known(await connection.fetchrow(_ABOUT, stream, *named))
    if row["filing_id"] is None:
        return About(row["in_directory"], None, None)
    head = Head(stream, row["filing_id"], row["agency"], row["head_seq"], row["now"], row["head_hash"])
    said = json.loads(row["body"])
    facts = Facts(
        filed_by=row["filed_by"],
        procedure=said["procedure"],
        agencies=frozenset(filter(None, (*row["agencies"], said.get("desk"), said.get("result_desk")))),
    )
    if actor is not None and actor.role in SIDE and not row["erased"]:
        events = _remembered(memory, head, row["stream"]) or await _naming(connection, keys, kind, row)
        facts = _with_persons(facts, events, row["now"]) if events else facts
    return About(row["in_directory"], head, facts)


def _remembered(memory: Memory | None, head: Head, filing: str) -> list[Any]:
    """Returns the filing's events if `memory` has the filing's stream with this head; else none."""
    told = memory.find(head) if memory is not None and head.stream == filing else None
    return [] if told is None else [one.event for one in told.events]


async def _naming(connection: Connection, keys: Keys, kind: StreamKind[Any], row: Any) -> list[Any]:
    """Returns the filing's events that name persons (`row` has the first); none if the filing's key is gone."""
    key = await keys(connection, row["filing_id"])
    if key is None:
        return []
    rows = await connection.fetch(_OF_PERSONS, row["stream"], [*OF_PERSONS])
    return [opened(kind, row["stream"], one, key).event for one in (row, *rows)]


def _with_persons(facts: Facts, events: Sequence[Any], now: datetime) -> Facts:
    """Returns the facts with the applicant and the representative after these events, which name them."""
    side = side_after(events)
    by, until = side.representative, side.represented_until
    may = by is not None and over(Actor(subject=by, role=Role.REPRESENTATIVE), until, now) is None
    return replace(facts, applicant=side.applicant, representative=by if may else None)


def sealed_in(look: UUID, filing: UUID) -> str:
    """Returns the encryption context of a recorded look: its encrypted part can be decrypted only with this context."""
    return f"access\n{look}\n{filing}"


async def access(log: Log, asked: AskAccess, keys: Keys) -> Page[AccessEntry]:
    """Returns the recorded looks at a filing, the latest first."""
    whose = await log.connection.fetchrow(_FILING, asked.stream)
    if whose is None:
        raise RefusalError(NOT_FOUND)
    filing, erased = whose
    at, look = key_of(asked.after, instant, uuid) or ("infinity", str(UUID(int=0)))
    rows = await log.connection.fetch(_LOOKS, filing, at, look, asked.limit + 1)
    as_of = await log.connection.fetchval("select now()")
    key = None if erased else await keys(log.connection, filing)
    shown = partial(_entry, key=key)
    return page(Page[AccessEntry], as_of, rows, asked.limit, shown, lambda row: (row["at"], row["look"]))


def _entry(row: asyncpg.Record, key: Key | None) -> dict[str, Any]:
    context = sealed_in(row["look"], row["filing_id"])
    sealed = json.loads(key.unseal(row["sealed"], context)) if key is not None and row["sealed"] else {}
    named = row["role"] in OFFICERS
    known = dict(row) | {"agency": row["actor_agency"], "reason": sealed.get("reason")}
    return known if named else known | {"subject": None, "officer": None}


OR_HEIR: Final = """
({agency}, (select heir_of(shut.agency) from agency as shut where shut.agency = {agency} and shut.closed is not null))
"""
"""SQL: an agency and, if closed, its successor. The function `heir_of` is called for closed agencies only."""

ACTIVE: Final = f"""
exists (
    select from officer where agency in {OR_HEIR} and subject = {{officer}} and role = {{role}} and active
)
"""
"""SQL: true if an officer is active in this role of the agency or, if the agency is closed, of its successor."""

_ABOUT: Final = f"""
select first.stream, first.filing_id, first.seq, first.kind, first.version, first.body, first.sealed, first.command_id,
    first.actor, first.occurred_at, split_part(first.via, '/', 1) as filed_by, now() as now,
    stream.agency, stream.head_seq, stream.head_hash, stream.erased_at is not null as erased,
    array(select distinct agency from event where event.filing_id = first.filing_id) as agencies,
    $4::text is null
        or {ACTIVE.format(agency="$2", officer="$3", role="$4")} as in_directory
from (select) as asked left join (
    stream join event as first
        on first.stream = 'filing:' || split_part($1, ':', 2) and first.seq = 1 and first.filing_id = stream.filing_id
) on stream.stream = $1 and stream.head_seq > 0
"""  # noqa: S608 -- SQL of our own
"""SQL: a filing's agency, the agencies of its streams, and the filing's first event, which names the desks.

A stream's name built with `||` could use no index under a row security policy: `||` is not leakproof.
"""

_OF_PERSONS: Final = """
select seq, kind, version, body, sealed, command_id, actor, occurred_at
from event where stream = $1 and kind = any($2) order by seq
"""
"""SQL: the events after which somebody else is on the applicant's side."""

WITHIN: Final = """
exists (
    select from jsonb_to_recordset({within}::jsonb) as reach (agencies text[], procedures text[], filers text[]),
        event as first
    where first.stream = 'filing:' || filing.filing_id and first.seq = 1
        and (cardinality(procedures) = 0 or filing.procedure = any(procedures))
        and (cardinality(filers) = 0 or split_part(first.via, '/', 1) = any(filers))
        and (cardinality(agencies) = 0
            or agencies && array[
                convert_from(first.body, 'UTF8')::jsonb ->> 'desk',
                convert_from(first.body, 'UTF8')::jsonb ->> 'result_desk'
            ]
            or exists (select from event where event.filing_id = filing.filing_id and event.agency = any(agencies)))
    offset 0
)
"""
"""SQL: true if a row of `filing` is within one of the `Reach`es in a parameter, a JSON array.

Without `offset 0` it would be a join, which under a row security policy reads all events.
"""

_FILING: Final = "select filing_id, erased_at is not null from stream where stream = $1 and head_seq > 0"
_LOOKS: Final = f"""
select at, look, filing_id, stream, question, role, actor_agency, access.subject, access.principal, sealed,
    principal.name as principal_name, (
        select name from officer
        where officer.agency in {OR_HEIR.format(agency="actor_agency")}
            and officer.subject = access.subject and officer.role = access.role limit 1
    ) as officer
from access left join principal using (principal)
where filing_id = $1 and (at, look) < ($2::text::timestamptz, $3::text::uuid) order by at desc, look desc limit $4
"""  # noqa: S608 -- SQL of our own
