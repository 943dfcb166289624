"""The record of a stack whose parts are killed, for the trial of erasures."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from unittest.mock import patch
from uuid import UUID

import asyncpg

from activities.keys.masters import MasterKeys, master_keys
from activities.ledger.vault import Vault
from demo.speaking import speaker_of
from motcua.configured_speaker import INSTALLATION
from motcua.payloads.converter import as_sent
from motcua.signing import Authenticated
from operations.erasure import requests
from operations.erasure.retention import whole
from rules.retention import hindrances
from rules.streams import KINDS
from schemas.identity.statement import UNNAMED
from schemas.ids import filing_workflow
from schemas.people import Actor, OfficerCommand, Role
from schemas.privacy import ApproveErasure, AskErasure, ErasureCause
from views.log import Log

A = TypeVar("A", bound=OfficerCommand)
OPERATOR: Final = Actor(subject="h01.12-operator-1", role=Role.OPERATOR, agency="H01.12")
AUDITOR: Final = Actor(subject="h01.12-auditor-1", role=Role.AUDITOR, agency="H01.12")


class Record:
    """The record of the stack, usable while parts of the stack are killed."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.master: MasterKeys = master_keys(env["MOTCUA_MASTER_KEY"])
        self.owner = env["MOTCUA_OWNER_DATABASE_URL"]
        self.vault = Vault(self.master)
        self._speaker = speaker_of(env)

    @asynccontextmanager
    async def connection(self, dsn: str | None = None) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """Opens a connection, by default as superuser."""
        connection = await asyncpg.connect(dsn or self.env["MOTCUA_SUPERUSER_DATABASE_URL"], timeout=10)
        try:
            yield connection
        finally:
            await connection.close(timeout=10)

    async def hindered(self, filings: Iterable[UUID]) -> dict[UUID, list[str]]:
        """Returns the rules that prevent each filing's erasure, except the wait for late money and parcels."""
        async with self.connection() as connection:
            log, now = Log(connection, self.vault.find, KINDS), await connection.fetchval("select clock_timestamp()")
            found = {filing: hindrances(await whole(log, filing), now) for filing in filings}
        return {filing: [why.rule for why in all_ if why.rule != "erase_watched"] for filing, all_ in found.items()}

    async def let_it_pass(self, filings: Collection[UUID]) -> None:
        """Ends the wait of these filings for late money and parcels."""
        async with self.connection() as superuser:
            await superuser.execute("update standing set watched_until = now() where filing_id = any($1)", filings)

    async def rows(self, filings: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
        async with self.connection() as connection:
            rows = await connection.fetch("select * from filing where filing_id = any($1)", filings)
        return {row["filing_id"]: dict(row) for row in rows}

    async def submissions(self, filings: Collection[UUID]) -> list[str]:
        async with self.connection() as connection:
            log = Log(connection, self.vault.find, KINDS)
            return [(await log.read(filing_workflow(filing))).state.submission_id for filing in filings]

    async def unfinished(self) -> int:
        async with self.connection() as connection:
            return int(await connection.fetchval("select count(*) from erasure where finished_at is null"))

    async def ask(self, filings: Sequence[UUID], command: str) -> None:
        """Requests the erasure of these filings as one officer; approves it as another, through another program."""
        asked = AskErasure(
            command_id=f"ask-{command}",
            actor=OPERATOR,
            cause=ErasureCause.FILING,
            reason="on request",
            filings=tuple(map(str, filings)),
        )
        here = {INSTALLATION: self.env.get(INSTALLATION, UNNAMED)}  # where acts are verified, as for a command
        async with self.connection(self.owner) as connection:
            with patch.dict(os.environ, here):
                n = (await requests.ask(Log(connection, self.vault.find, KINDS), self._signed(asked))).request.n
                approved = ApproveErasure(command_id=f"approve-{command}", actor=AUDITOR, asked=n)
                await requests.answer(connection, self._signed(approved))

    def _signed(self, act: A) -> A:
        if self._speaker is None:
            return act
        statement = self._speaker.order(act.act, as_sent(act), Authenticated())
        return act.model_copy(update={"statement": statement})
