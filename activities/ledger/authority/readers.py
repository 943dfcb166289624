"""The readers of each filing: a read model by which PostgreSQL decides which rows a session of the door may see.

docs/access.md lists the names of readers. The agencies of a filing are those of its events, which the append adds
itself; all other readers follow from the few events of the filing's own stream that `MOVES` lists.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final, NamedTuple

import asyncpg

from activities.ledger.vault import IndexKeyGoneError, Vault
from rules.filing.submission.representation import OF_PERSONS, side_after
from rules.identity.grants import names_agency
from rules.identity.looks import SIDE
from rules.stream_kind import Table
from rules.time.working_time import VIETNAM
from schemas.filing.events import ResultOffered, Submitted
from schemas.identity.statement import ALL_AGENCIES, CLAIMED, Assurance, Grant, Principal
from schemas.ids import filing_workflow
from schemas.people import Actor, Role
from schemas.privacy import ERASED_KIND, Erased
from schemas.stream.ledger import Batch, Recorded
from views.access import ACTIVE
from views.log import Connection

READER: Final = Table("reader", "reader, filing_id")
MOVES: Final = frozenset({"submitted", *OF_PERSONS, "result_offered", ERASED_KIND})
"""The kinds of events that change the readers of a filing, apart from agencies."""
LISTED: Final = "SELECT 1"
ALL: Final = "*"
"""The reader who may see every filing that has a reader."""

Digest = Callable[[Role, str, str], str]


class Listed(NamedTuple):
    """A reader: an officer in a role of an agency. Sees nothing unless the directory lists the officer as active."""

    reader: str
    agency: str
    subject: str
    role: str

    @property
    def is_listed(self) -> str:
        """The SQL condition that is true if the directory lists the officer."""
        return ACTIVE.format(agency=_text(self.agency), officer=_text(self.subject), role=_text(self.role))


Reader = str | Listed
Readers = dict[str, datetime | None]
"""Names of readers, each with the moment at which it expires."""


def readers_after(events: Sequence[Any], filer: str, digest: Digest | None) -> Readers:
    """Returns the readers that follow from a filing's events in `MOVES`; leaves out the agencies of its events.

    `filer`: the program that submitted the filing. Without `digest`, persons are left out.
    """
    first: Submitted = events[0]
    desks = {first.desk, first.result_desk} - {None}
    found: Readers = dict.fromkeys((f"filer:{filer}", *(f"agency:{code}" for code in desks)))
    if isinstance(events[-1], Erased):
        return found
    links = [event.link_sha256 for event in events if isinstance(event, ResultOffered)]
    if links:
        found[f"link:{links[-1]}"] = None
    side = side_after(events)
    if digest is not None:
        found[digest(Role.APPLICANT, filer, side.applicant)] = None
    if digest is not None and side.representative is not None:
        last = side.represented_until
        end = None if last is None else datetime.combine(last + timedelta(days=1), time.min, VIETNAM)
        found[digest(Role.REPRESENTATIVE, filer, side.representative)] = end
    return found


async def after_batch(
    connection: Connection, vault: Vault, batch: Batch, events: Sequence[Any], via: str, read: Callable[[Any], Any]
) -> str | None:
    """Returns a filing's readers after a batch, as JSON for `KEPT`; None if the batch changes none.

    `via`: the value of that column for the batch's first event; `read`: returns the event in a row of the stream.

    If the key of the index of persons is gone, persons are left out, until a rebuild makes another key.
    """
    if batch.stream != filing_workflow(batch.filing_id) or MOVES.isdisjoint(event.kind for event in events):
        return None
    filer, before = via, list[Any]()
    if batch.next_seq > 1:
        rows = await connection.fetch(_BEFORE, batch.stream, batch.next_seq, [*MOVES])
        if not rows:
            return None  # the log holds less than the run has seen: nothing will be written
        filer, before = rows[0]["via"], list(map(read, rows))
    try:
        digest = await vault.readers(connection)
    except IndexKeyGoneError:
        digest = None
    found = readers_after([*before, *(one for one in events if one.kind in MOVES)], filer.split("/")[0], digest)
    found.pop(f"agency:{batch.agency}", None)
    return _as_json(found)


async def write_all(
    connection: Connection, vault: Vault, told: Iterable[tuple[asyncpg.Record, list[Recorded]]]
) -> None:
    """Writes the readers that follow from all events of these streams, each given with its row and events."""
    streams = [(stream, events) for stream, events in told]
    await connection.execute(_AGENCIES, [stream["stream"] for stream, _ in streams])
    filings = {
        stream["filing_id"]: [one.event for one in events if one.event.kind in MOVES]
        for stream, events in streams
        if stream["stream"] == filing_workflow(stream["filing_id"])
    }
    if filings:
        digest = await vault.readers(connection)
        filers = await connection.fetch(_FILERS, list(map(filing_workflow, filings)))
        found = [(filing, _as_json(readers_after(filings[filing], filer, digest))) for filing, filer in filers]
        await connection.executemany(_REPLACED, found)


def _as_json(found: Readers) -> str:
    return json.dumps([{"reader": name, "until": end and end.isoformat()} for name, end in found.items()])


async def readers_of(
    connection: Connection, vault: Vault, principal: Principal, actor: Actor | None, link: str | None = None
) -> tuple[Reader, ...]:
    """Returns the names under which `principal` reads filings for `actor`; empty if it may see none.

    `actor` is None if the program asks for itself. `link` is a link to a result. The names depend only on the
    program's grants and on the actor. PostgreSQL then checks an officer against the directory (see `setting`).
    """
    found: tuple[Reader, ...] = () if link is None else (f"link:{hashlib.sha256(link.encode()).hexdigest()}",)
    if actor is None:
        return found + _by_itself(principal)
    grants = [one for one in principal.grants if actor.role in CLAIMED[one.claim] and names_agency(one.agencies, actor)]
    if not grants:
        return found
    if actor.role in SIDE:
        return found + await _of_person(connection, vault, actor, _filers(principal, grants))
    return found + _of_officer(actor, grants)


async def _of_person(connection: Connection, vault: Vault, actor: Actor, filers: Iterable[str]) -> tuple[str, ...]:
    """Returns the names under which an applicant or representative reads filings submitted by these programs."""
    try:
        digest = await vault.readers(connection)
    except IndexKeyGoneError:
        return ()
    return tuple(digest(actor.role, filer, actor.subject) for filer in filers)


def _of_officer(actor: Actor, grants: Iterable[Grant]) -> tuple[Reader, ...]:
    """Returns the officer as a reader whom the directory must list; empty if the actor has no agency."""
    if actor.agency is None:
        return ()
    everywhere = actor.role is Role.OPERATOR and any(ALL_AGENCIES in grant.agencies for grant in grants)
    return (Listed(ALL if everywhere else f"agency:{actor.agency}", actor.agency, actor.subject, actor.role),)


def _by_itself(principal: Principal) -> tuple[str, ...]:
    """Returns the names under which a program reads for itself; empty for a principal that is one person."""
    grants = [grant for grant in principal.grants if grant.assurance is Assurance.LOW and principal.subject is None]
    agencies = sorted({code for grant in grants for code in grant.agencies})
    if ALL_AGENCIES in agencies:
        return (ALL,)
    filers = _filers(principal, grants) if grants else []
    return (*(f"filer:{one}" for one in filers), *(f"agency:{code}" for code in agencies))


def _filers(principal: Principal, grants: Iterable[Grant]) -> list[str]:
    return sorted({principal.id, *(one for grant in grants for one in grant.predecessors)})


def names_officer(readers: Iterable[Reader]) -> bool:
    """Whether one of these readers is an officer."""
    return any(isinstance(one, Listed) for one in readers)


def setting(readers: Sequence[Reader]) -> str:
    """Returns the SQL that limits the rest of a transaction to the rows of these readers.

    The SQL's status is `LISTED`. Any other status means that the directory does not list an officer among the readers,
    and that no row is shown.
    """
    names = ", ".join(_text(one.reader if isinstance(one, Listed) else one) for one in readers)
    listed = " and ".join(one.is_listed for one in readers if isinstance(one, Listed)) or "true"
    return f"select set_config('motcua.readers', concat_ws(',', {names}), true) where {listed}"


def _text(value: str) -> str:
    """Returns the SQL of a text value."""
    return f"convert_from('\\x{value.encode().hex()}', 'UTF8')"


_BEFORE: Final = """
select seq, kind, version, body, sealed, command_id, actor, occurred_at, via
from event where stream = $1 and seq < $2 and kind = any($3) order by seq
"""
_FILERS: Final = """
select filing_id, split_part(via, '/', 1) as filer from event where stream = any($1) and seq = 1
"""
_AGENCIES: Final = """
insert into reader (reader, filing_id)
select distinct 'agency:' || agency, filing_id from event where stream = any($1) on conflict do nothing
"""

AGENCY: Final = """
of_agency as (
    insert into reader (reader, filing_id)
    select 'agency:' || $3::text, $2 from moved, head where head.agency is distinct from $3
    on conflict do nothing
)
"""
"""SQL: the agency of a batch, `$3`, becomes a reader with the first event of a stream that names it."""

KEPT: Final = """
now_readers as (select one.* from moved, json_to_recordset({given}::json) as one (reader text, until timestamptz)),
no_readers as (
    delete from reader using moved
    where filing_id = {filing} and not starts_with(reader, 'agency:') and reader not in (select reader from now_readers)
),
readers as (
    insert into reader (reader, filing_id, until) select reader, {filing}, until from now_readers
    on conflict (reader, filing_id) do update set until = excluded.until
)
"""
"""SQL: writes all readers of a filing except the agencies of its events, and deletes those that no longer apply."""

_REPLACED: Final = f"with moved as (select), {KEPT.format(given='$2', filing='$1::uuid')} select"
