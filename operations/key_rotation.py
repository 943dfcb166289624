"""Rotation of the master key, and new codec key rings.

Rotation wraps every key in the record again with the current master key, while the platform is in use. It goes row by
row, in the order of the filings, then of the drafts. If a process that still has the old master key wraps a key
meanwhile, the next pass wraps that key again. If the rotation ends early, the next run continues it. The index key
comes last: until then, a process that starts also needs the old master key.
"""

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.keys.master_key import Wrapped
from activities.keys.masters import OTHER_MASTER_KEY, MasterKeys
from activities.ledger.vault import WRAPPED_BY as _BY
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from console.database import Connection, connected
from motcua.cli.running import WorkRefusedError
from motcua.payloads.key_ring import KEY_BYTES, CodecRing
from views.log import SealBrokenError

AT_ONCE: Final = 100
"""Keys that are read, wrapped again and written in one page."""
PASSES: Final = 20
"""The maximum number of passes, in case other processes keep wrapping with the old key."""
TIMEOUT: Final = 60.0
"""Seconds for connecting, and for each statement: some statements read every key."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rotated:
    """The result of a rotation. `by`: the current master key with its version; `rotated`: how many keys it wrapped.

    `left`: the number of keys that each other master key still wraps.
    """

    by: str
    rotated: int
    left: dict[str, int]


async def rotate(dsn: str, masters: MasterKeys, progress: Progress) -> Rotated:
    """Wraps every key anew that is not wrapped by the newest version of the current master key.

    Runs as the tables' owner. Calls `progress(done, of)` after every page. Raises `WorkRefusedError`,
    `KeysUnavailableError`, and asyncpg's errors; keys that were wrapped before the error stay so.
    """
    async with connected(dsn, TIMEOUT) as connection:
        if not await connection.fetchval("select pg_try_advisory_lock(hashtext('motcua keys rotate'))"):
            raise WorkRefusedError("the keys are being wrapped anew by another command: let it end, or end it")
        async with masters.connected():
            try:  # an old record gets an index key: until now the old master key has served as such
                await Vault(masters).begin(connection)
            except SealBrokenError:
                why = f"no master key here opens the index key: set {OTHER_MASTER_KEY} to the one of before"
                raise WorkRefusedError(why) from None
            return await _rotate(connection, masters, progress)


async def _rotate(connection: Connection, masters: MasterKeys, progress: Progress) -> Rotated:
    done = 0
    for _ in range(PASSES):
        by, before = await masters.current.version(), done
        of = done + await connection.fetchval(_LEFT, by)
        for page, renew in _TABLES:
            last = UUID(int=0)
            while rows := await connection.fetch(page, by, last, AT_ONCE):
                done += await _renew(connection, masters, rows, renew)
                last = rows[-1]["id"]
                failpoint("keys.rotated")
                progress(done, of)
        if done == before:
            break
    if (index_key := await connection.fetchrow(_INDEX_KEY, by)) is not None:
        [renewed] = await masters.renew([Wrapped(*index_key.values())])
        if renewed is not None:
            await connection.execute(_RENEW_INDEX_KEY, renewed.data, renewed.by)
    rows = await connection.fetch(_OF_OTHERS, by)
    return Rotated(by, done, {row["by"]: row["count"] for row in rows})


async def _renew(connection: Connection, masters: MasterKeys, rows: Sequence[asyncpg.Record], renew: str) -> int:
    """Wraps the keys of these rows again, with the SQL `renew`.

    Returns the number of wrapped keys; a key that another process has changed meanwhile is left as it is.
    """
    wrapped = [Wrapped(row["key_id"], row["wrapped"], row["by"]) for row in rows]
    renewed = zip(rows, await masters.renew(wrapped), strict=True)
    new = [(row["id"], row["wrapped"], one.data, one.by) for row, one in renewed if one is not None]
    return int(await connection.fetchval(renew, *map(list, zip(*new, strict=True)))) if new else 0


WRAPPED_BY: Final = f"""
select by, count(*) as count from (
    select {_BY} as by from filing_key union all select wrapped_by from index_key union all select wrapped_by from draft
) as wrapped group by by
"""  # noqa: S608 -- names of ours
"""SQL: the number of keys that each master key has wrapped."""

_OF_OTHERS: Final = f"select by, count from ({WRAPPED_BY}) as wrapped where by <> $1"  # noqa: S608 -- names of ours
_LEFT: Final = f"""
select (select count(*) from filing_key where {_BY} <> $1) + (select count(*) from draft where wrapped_by <> $1)
"""  # noqa: S608 -- names of ours
_PAGE: Final = """
select {id} as id, key_id, wrapped, {by} as by from {table}
where {id} > $2 and {by} <> $1 order by {id} limit $3
"""
# A key that was erased meanwhile does not come back. Drafts of several owners may have one id, but not one wrapped key.
_RENEW: Final = """
with renewed as (
    update {table} set (wrapped, wrapped_by) = (new.wrapped, new.by)
    from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[]) as new (id, before, wrapped, by)
    where {table}.{id} = new.id and {table}.wrapped = new.before
    returning true
)
select count(*) from renewed
"""
_TABLES: Final = tuple(
    (_PAGE.format(table=table, id=key, by=by), _RENEW.format(table=table, id=key))
    for table, key, by in (("filing_key", "filing_id", _BY), ("draft", "id", "wrapped_by"))
)
"""SQL of each table with keys of rows: a page of keys that another master key has wrapped, and their renewal."""
_INDEX_KEY: Final = "select key_id, wrapped, wrapped_by from index_key where wrapped_by <> $1"
_RENEW_INDEX_KEY: Final = "update index_key set (wrapped, wrapped_by) = ($1, $2)"


def new_ring(*, plain: bool = False) -> str:
    """Returns the content of a file with a new key ring of one key."""
    name = _new_id()
    return _written({"current": name, "keys": {name: _new_key()}} | ({"plain": True} if plain else {}))


def with_new_key(ring: CodecRing) -> str:
    """Returns the content of a file with the key ring and an additional key. Nothing is encrypted with that key yet."""
    ring_then: dict[str, Any] = ring.model_dump(exclude_defaults=True)
    return _written(ring_then | {"keys": dict(ring.keys) | {_new_id(): _new_key()}})


def _new_id() -> str:
    """Returns today's date with random digits, so that no two rings share an id."""
    return f"{datetime.now(UTC).date().isoformat()}-{secrets.token_hex(3)}"


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _written(ring: dict[str, Any]) -> str:
    return json.dumps(ring, indent=1, default=lambda key: key.get_secret_value()) + "\n"
