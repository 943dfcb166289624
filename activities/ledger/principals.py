"""The principals in the record, and in the memory of a process: what changes is known there within five seconds."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Protocol, Self

import asyncpg

from activities.ledger.database import ACQUIRE_SECONDS
from rules.identity.ring import Ring
from schemas.identity import Principal, PrincipalKey
from views.log import Connection

_log = logging.getLogger(__name__)

KNOWN_WITHIN: Final = 5.0
"""Seconds after which a change is known everywhere: who has not asked for longer takes no statement."""

ASK_EVERY: Final = 1.0
"""Seconds between two looks at the version: one row of one page."""

_ATTEMPT: Final = 2.0
"""Seconds that one look may take."""


class _Pool(Protocol):
    def acquire(self, *, timeout: float | None = None) -> Any: ...


class Keyring:
    """The principals as this process knows them. Open it for as long as the process takes statements."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._ring = Ring()
        self._version = -1
        self._asked_at = -KNOWN_WITHIN
        self._asking: asyncio.Task[None] | None = None

    @property
    def ring(self) -> Ring | None:
        """The principals; None where the register has not answered for five seconds."""
        return self._ring if monotonic() - self._asked_at < KNOWN_WITHIN else None

    async def __aenter__(self) -> Self:
        """Ask once, and go on asking. A database that is away is asked again: until then nothing is known."""
        await self._ask()
        self._asking = asyncio.create_task(self._ask_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking

    async def _ask_on(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY)
            try:
                await self._ask()
            except Exception as error:  # noqa: BLE001 -- what stands there can't be read: nothing is taken, until it can
                _log.error("principals.unreadable", extra={"error": type(error).__name__})

    async def _ask(self) -> None:
        asked_at = monotonic()
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            async with asyncio.timeout(_ATTEMPT), self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                version = await connection.fetchval(_VERSION)
                if version != self._version:
                    self._ring = Ring(await principals(connection))
                    self._version = version
            self._asked_at = asked_at


async def principals(connection: Connection, only: str | None = None) -> list[Principal]:
    """All principals with their keys, by their ids, or one of them."""
    return [
        Principal(
            id=row["principal"],
            name=row["name"],
            kind=row["kind"],
            agency=None if row["agency"] == NO_AGENCY else row["agency"],
            grants=json.loads(row["grants"]),
            keys=tuple(PrincipalKey.model_validate_json(json.dumps(key)) for key in json.loads(row["keys"])),
        )
        for row in await connection.fetch(_PRINCIPALS, only)
    ]


NO_AGENCY: Final = "*"
_VERSION: Final = "select version from principal_version"
_PRINCIPALS: Final = """
select principal, agency, name, kind, grants, (
    select coalesce(json_agg(json_build_object(
        'public_key', public_key, 'valid_from', valid_from, 'valid_until', valid_until, 'revoked_at', revoked_at
    ) order by valid_from, key_id), '[]') from principal_key where principal_key.principal = principal.principal
) as keys
from principal where $1::text is null or principal = $1 order by principal
"""
