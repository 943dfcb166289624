"""The comparison of the published tables with their events, and their rebuild."""

from contextlib import suppress
from hashlib import sha256
from typing import Final, NamedTuple

from activities.ledger.vault import IndexKeyGoneError, Vault
from console.comparing import Difference, Why, compared
from publishing.record import tables
from publishing.record.by_two import Published, unapproved
from publishing.record.log import known_keys, signed_by, stored, streams_with_names
from publishing.record.publications import OFFICER, TABLES, Fold, Persons, Row, Table, changes
from views.log import Connection, SealBrokenError, UnfoldableError


class Compared(NamedTuple):
    """The rows that differ from the events. `taken_over`: whether rows older than the log were recorded in the log."""

    differences: list[Difference]
    taken_over: bool
    names: bool


async def compare(connection: Connection, vault: Vault | None) -> Compared:
    """Returns each row that differs from the fold of the events, as of one moment; without a vault, ignores names."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        taken_over = bool(await connection.fetchval("select taken_over from publication_state"))
        fold, found, log = await _folded(connection, vault)
        found += await _unbound(connection)
        found += [Difference("event", f"{one.stream} {one.seq}", Why.UNAPPROVED) for one in unapproved(log)]
        for table in TABLES:
            there = await tables.read(connection, table)
            wanted = {_name(key): row for key, row in fold.rows[table].items()}
            differing = compared(table.name, wanted, {_name(key): row for key, row in there.items()})
            found += [one for one in differing if taken_over or one.why is not Why.EXTRA]
    if not taken_over:
        found.append(Difference("publication_state", "taken_over", Why.MISSING))
    return Compared(found, taken_over, names=vault is not None)


async def _unbound(connection: Connection) -> list[Difference]:
    """Returns faults that no hash of an event shows: receipts with a wrong digest, streams with a raised epoch."""
    receipts = await connection.fetch(_RECEIPTS)
    wrong = [row for row in receipts if row["digest"] != sha256(b"[" + b",".join(row["bodies"]) + b"]").hexdigest()]
    raised = [row["stream"] for row in await connection.fetch(_RAISED)]
    return [
        *(Difference("receipt", f"{row['stream']} {row['seq']}", Why.DIFFERS, ("digest",)) for row in wrong),
        *(Difference("stream", stream, Why.DIFFERS, ("epoch",)) for stream in raised),
    ]


async def rebuild(connection: Connection, vault: Vault) -> dict[str, int]:
    """Rebuilds the tables from the events, as their owner. Returns the number of corrected rows of each table.

    Changes nothing until rows older than the log are taken over. Raises `UnfoldableError` for a stream with missing or
    unreadable events.
    """
    async with connection.transaction():
        if not await connection.fetchval(_HOLD):
            return {table.name: 0 for table in TABLES}
        fold = await _whole_fold(connection, vault)
        there = {table: await tables.read(connection, table) for table in TABLES}
        changed = {table.name: 0 for table in TABLES}
        for table in reversed(TABLES):
            extra = there[table].keys() - fold.rows[table].keys()
            await tables.remove(connection, table, extra)
            changed[table.name] += len(extra)
        for table in TABLES:
            wanted = {key: _whole(table, there[table].get(key), row) for key, row in fold.rows[table].items()}
            other = [row for key, row in wanted.items() if not row.items() <= there[table].get(key, {}).items()]
            await tables.put(connection, table, other)
            changed[table.name] += len(other)
    return changed


async def _whole_fold(connection: Connection, vault: Vault) -> Fold:
    if (missing := await connection.fetchval(_MISSING)) is not None:
        raise UnfoldableError(f"{missing}: events are missing")
    fold, found, _ = await _folded(connection, vault)
    if unread := [one for one in found if one.table == "event"]:
        raise UnfoldableError(f"{unread[0].row}: can't be read")
    return fold


async def _folded(connection: Connection, vault: Vault | None) -> tuple[Fold, list[Difference], list[Published]]:
    """Returns the fold of the events, the unreadable events and keys, and the readable events in order."""
    named = [] if vault is None else await streams_with_names(connection)
    keys = {} if vault is None else await known_keys(connection, vault, named)
    found = [
        Difference("filing_key", stream, Why.UNREADABLE if stream in keys else Why.MISSING)
        for stream in named
        if keys.get(stream) is None
    ]
    fold, log, person = Fold(), [], await _persons(connection, vault)
    async for one in stored(connection, keys):
        if one.event is None:
            found.append(Difference("event", f"{one.stream} {one.seq}", Why.UNREADABLE))
            continue
        for change in changes(one.event, one.at, read=one.read, person=person):
            fold.add(change)
        log.append(Published(one.stream, one.seq, one.at, one.actor.subject, one.event, one.read, signed_by(one.via)))
    return fold, found, log


async def _persons(connection: Connection, vault: Vault | None) -> Persons | None:
    """Returns the index of persons; None if its key is missing, a fault that the comparison of filings reports."""
    with suppress(IndexKeyGoneError, SealBrokenError):
        return None if vault is None else await vault.persons(connection)
    return None


def _whole(table: Table, there: Row | None, row: Row) -> Row:
    """Returns `row`; an officer's name that was not decrypted is taken from the stored row (`there`), else is `-`."""
    if table is not OFFICER or "name" in row:
        return row
    return row | {"name": "-" if there is None else there["name"]}


def _name(key: tuple[object, ...]) -> str:
    return " ".join(str(part) or "''" for part in key)


_RECEIPTS: Final = """
select stream, receipt.seq, digest, array_agg(body order by event.seq) as bodies
from (select stream, command_id, seq, digest from receipt where stream in (
    select stream from stream where filing_id is null
)) as receipt join event using (stream, command_id)
group by stream, command_id, receipt.seq, digest order by stream, receipt.seq
"""
_RAISED: Final = "select stream from stream where filing_id is null and epoch <> 1 order by stream"
_MISSING: Final = """
select stream from stream where filing_id is null
    and head_seq <> (select count(*) from event where event.stream = stream.stream) limit 1
"""
_HOLD: Final = "select taken_over from publication_state for update"
