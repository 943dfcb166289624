"""A bundle: the record of one filing with its proofs, for verification by outsiders (`docs/ledger.md`)."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg

from activities.keys.masters import MasterKeys
from activities.ledger.vault import KEY, FilingKey, Vault
from console.database import Connection
from motcua.cli.running import WorkRefusedError
from verifier import bundle as bundle_verifier
from views.log import SealBrokenError
from views.operator import row_of

Json = dict[str, Any]

_STREAMS: Final = """
select e.stream, coalesce(s.head_seq, 0) as head_seq,
       coalesce(s.head_hash, decode(repeat('00', 32), 'hex')) as head_hash
from (select distinct stream from event where filing_id = $1) e left join stream s using (stream)
order by e.stream collate "C"
"""
_EVENTS: Final = """
select stream, seq, event_id, filing_id, agency, kind, version, body, sha256(sealed) as sealed_sha256, sealed, key_id,
       command_id, actor, via, (extract(epoch from occurred_at) * 1000000)::bigint as occurred_at,
       (extract(epoch from recorded_at) * 1000000)::bigint as recorded_at, prev_hash, hash, bound
from event where stream = $1 order by seq
"""
_RECEIPTS: Final = "select command_id, digest, seq, body from receipt where stream = $1 order by seq, command_id"

_HEX: Final = frozenset({"head_hash", "sealed_sha256", "prev_hash", "hash"})

Prove: TypeAlias = Callable[[Connection, list[Json]], Awaitable[list[Json]]]
"""Returns the proofs that these streams are in a checkpoint, in the form that a bundle has."""


async def export(
    connection: Connection, which: str, master: MasterKeys | None = None, prove: Prove | None = None
) -> Json | None:
    """Returns the bundle of a filing, by its dossier code or id, as of one moment; None if there is no such filing.

    With the master key, the bundle also has the encrypted parts and the filing's own key: anybody who has the bundle
    can read the personal data. With `prove`, the bundle also has the proofs that its streams are in a checkpoint.

    Raises `WorkRefusedError`, and the errors of asyncpg and of `prove`.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        filing = await row_of(connection, which)
        if filing is None:
            return None
        key = None if master is None else await _key(connection, filing["filing_id"], master)
        streams = [
            await _stream(connection, row, sealed=key is not None)
            for row in await connection.fetch(_STREAMS, filing["filing_id"])
        ]
        proofs = [] if prove is None else await prove(connection, streams)
    about = {"format": bundle_verifier.FORMAT, "filing_id": str(filing["filing_id"]), "code": filing["code"]}
    bundle: Json = {**about, "streams": streams}
    if proofs:
        bundle["proofs"] = proofs
    if key is not None:
        bundle["key"] = {"key_id": key.key_id, "secret": _base64(key.secret)}
    bundle["files"] = bundle_verifier.files_of(bundle, {} if key is None else _opened(streams, key))
    return bundle | {"digest": bundle_verifier.digest(bundle)}


async def _key(connection: Connection, filing_id: UUID, master: MasterKeys) -> FilingKey:
    row = await connection.fetchrow(KEY, filing_id)
    if row is None:
        raise WorkRefusedError("the filing's key is not there: what was sealed can't be opened any more")
    try:
        return await Vault(master).unwrap(row)
    except SealBrokenError:
        raise WorkRefusedError("MOTCUA_MASTER_KEY is not the key that this filing's key was wrapped with") from None


async def _stream(connection: Connection, head: asyncpg.Record, *, sealed: bool) -> Json:
    events = [_plain(row) for row in await connection.fetch(_EVENTS, head["stream"])]
    for event in events:
        if not sealed:
            del event["sealed"]
        if event["bound"] is None:
            del event["bound"]
    receipts = [_plain(row) for row in await connection.fetch(_RECEIPTS, head["stream"])]
    return _plain(head) | {"events": events, "receipts": receipts}


def _opened(streams: list[Json], key: FilingKey) -> dict[str, Json]:
    try:
        return {
            event["hash"]: bundle_verifier.opened(event, key.secret)
            for stream in streams
            for event in stream["events"]
            if event["sealed"] is not None
        }
    except ValueError:
        raise WorkRefusedError("a sealed part can't be opened; see: motcua ledger verify") from None


def _plain(row: asyncpg.Record) -> Json:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex() if name in _HEX else _base64(value)
    return str(value) if isinstance(value, UUID) else value


def _base64(value: bytes) -> str:
    return b64encode(value).decode()
