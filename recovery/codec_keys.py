"""The record of the keys with which workers have encrypted payloads in Temporal: every process needs these keys.

A process without the key takes such payloads for a stranger's and refuses them, so a filing's next run would fail.
"""

import asyncio
from typing import Any, Final, TypeAlias

import asyncpg
import structlog

from activities.ledger.database import Pool
from motcua.errors import SettingsError
from motcua.payloads.key_ring import CODEC_KEYS, CodecRing
from views.log import DATABASE_ERRORS

Record: TypeAlias = "asyncpg.Connection[Any] | Pool"


class KeyNotHereError(SettingsError):
    """This process lacks a key of the platform's workers, or the workers lack this process's key."""


STOPPED_WITHIN: Final = 10.0
"""The seconds within which a worker stops, if it lacks a key that another worker has announced."""


async def announce(record: Record, ring: CodecRing | None) -> float:
    """Records our key. Returns the seconds until all workers without the key have stopped. Raises `KeyNotHereError`."""
    await expect_current(record, ring)
    if ring is None or ring.current is None:
        return 0.0
    await record.execute("insert into codec_key (key_id) values ($1) on conflict (key_id) do nothing", ring.current)
    others_may_work = await record.fetchval("select exists (select from build)")
    return max(STOPPED_WITHIN - await record.fetchval(_KNOWN_FOR, ring.current), 0.0) if others_may_work else 0.0


async def expect_current(record: Record, ring: CodecRing | None) -> None:
    """Raises `KeyNotHereError` if this process lacks the key by which the workers encrypt."""
    current = await record.fetchval("select key_id from codec_key order by n desc limit 1")
    if current is not None and (ring is None or current not in ring.keys):
        raise KeyNotHereError(f"workers seal by the key {current}, which is not in {CODEC_KEYS}")


async def expect_taken(record: Record, ring: CodecRing | None) -> None:
    """Raises `KeyNotHereError` unless this process has the workers' key, and the workers have this process's key."""
    await expect_current(record, ring)
    own = None if ring is None else ring.current
    if own is not None and not await record.fetchval("select exists (select from codec_key where key_id = $1)", own):
        raise KeyNotHereError(f"no worker seals by the key {own}, the current one of {CODEC_KEYS}")


async def until_taken(record: Record, ring: CodecRing | None, every: float = 5.0) -> None:
    """Waits until `expect_taken` no longer raises an error; calls it every `every` seconds."""
    while True:
        try:
            return await expect_taken(record, ring)
        except (KeyNotHereError, *DATABASE_ERRORS, OSError, TimeoutError) as error:
            reason = str(error) if isinstance(error, KeyNotHereError) else type(error).__name__
            _log.warning("codec.not_taken", reason=reason)
        await asyncio.sleep(every)


_log = structlog.stdlib.get_logger("motcua.payloads.codec")

_KNOWN_FOR: Final = "select extract(epoch from clock_timestamp() - since)::float8 from codec_key where key_id = $1"
