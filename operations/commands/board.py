"""`motcua board`: how it stands with all filings, looked at again and again until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final

import asyncpg
import typer
from rich.console import Console
from rich.live import Live
from temporalio.client import Client
from temporalio.service import RPCError

from motcua.cli.options import AsJson, OfAgency
from motcua.cli.running import out, print_json, use_stack_here
from motcua.connection import connect
from motcua.errors import MotcuaError
from operations.addresses import APPLICATION
from operations.commands.board_picture import Picture
from operations.commands.database import TIMEOUT, Connection, address, answered
from operations.commands.printing import wide
from recovery.stalled import count_reported, reports_problems
from rules.streams import KINDS
from schemas.reading import Board
from views.log import DATABASE_ERRORS, Log, no_keys
from views.operator import board as read_board

TEMPORAL_PATIENCE: Final = 2.0
"""Seconds, after which a board is shown without what Temporal knows."""

STOPPED: Final = 130
SPAN: Final = timedelta(seconds=10)
"""The database counts by fits and starts: over less a steady load would seem to come in bursts."""

_FAILURES: Final = (OSError, TimeoutError, *DATABASE_ERRORS)

app = typer.Typer()


@app.command()
def board(
    *,
    agency: OfAgency = None,
    every: Annotated[float, typer.Option("--every", min=0.2, metavar="SECONDS", help="option.board.every")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="option.board.once")] = False,
    as_json: AsJson = False,
) -> None:
    use_stack_here()
    looks = Looks(address(APPLICATION), agency)
    if as_json:
        print_json(answered(looks.only).model_dump(mode="json"))
    elif once or not sys.stdout.isatty() or out().is_dumb_terminal:
        wide().print(Picture(answered(looks.only), agency))
    else:
        answered(lambda: _watch(looks, agency, every))


class Looks:
    """Looks at the record and at Temporal, one after the other on the same connections; `close` afterwards."""

    def __init__(self, dsn: str, agency: str | None) -> None:
        self._dsn = dsn
        self._agency = agency
        self._connection: Connection | None = None
        self._temporal: Client | None = None

    async def only(self) -> Board:
        """One look."""
        try:
            return await self.look()
        finally:
            self.close()

    async def look(self) -> Board:
        """How it stands now. Raises what asyncpg raises; the look after that takes a new connection."""
        found, stalled = await asyncio.gather(self._record(), self._stalled())
        return found.model_copy(update={"stalled": stalled})

    def close(self) -> None:
        """Leave the database, without a word: it may be gone."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _record(self) -> Board:
        try:
            if self._connection is None:
                self._connection = await asyncpg.connect(self._dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
            return await read_board(Log(self._connection, no_keys, KINDS), self._agency)
        except _FAILURES:
            self.close()
            raise

    async def _stalled(self) -> int | None:
        """How many workflows Temporal counts as stalled; None if it does not answer, or marks none."""
        try:
            async with asyncio.timeout(TEMPORAL_PATIENCE):
                client = self._temporal = self._temporal or await connect()
                return await count_reported(client) if await reports_problems(client) else None
        except (MotcuaError, RPCError, RuntimeError, TimeoutError):
            return None


class Pace:
    """Appends a second, of the boards seen in the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[Board] = deque()

    def add(self, seen: Board) -> float | None:
        """Appends a second up to this board; None for the first one, and after the database began to count anew."""
        if self._seen and seen.appends < self._seen[-1].appends:
            self._seen.clear()
        while len(self._seen) > 1 and seen.as_of - self._seen[1].as_of >= SPAN:
            self._seen.popleft()
        self._seen.append(seen)
        first = self._seen[0]
        passed = (seen.as_of - first.as_of).total_seconds()
        return (seen.appends - first.appends) / passed if passed > 0 else None


async def _watch(looks: Looks, agency: str | None, every: float) -> None:
    """Show boards until Ctrl-C or SIGTERM, which leave the terminal as it was. Raises what the first look raises."""
    watching = asyncio.create_task(_show(looks, agency, every))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, watching.cancel)
    try:
        await watching
    except asyncio.CancelledError:
        raise typer.Exit(STOPPED) from None
    finally:
        looks.close()


async def _show(looks: Looks, agency: str | None, every: float) -> None:
    pace, found = Pace(), await looks.look()
    picture = Picture(found, agency, every, pace.add(found))
    with Live(picture, console=Console(highlight=False), screen=True, auto_refresh=False) as live:
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, live.refresh)
        while True:
            live.update(picture, refresh=True)
            await asyncio.sleep(every)
            try:
                found = await looks.look()
            except _FAILURES as error:
                picture = replace(picture, lost=type(error).__name__)
            else:
                picture = Picture(found, agency, every, pace.add(found))
