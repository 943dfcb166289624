"""`motcua filings`: what holds for many filings at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.running import PATIENCE, AsJson, Patience, end_well, note, out, print_json
from motcua.cli.showing import when
from motcua.connection import connect
from motcua.patience import patiently
from operations.addresses import APPLICATION, find_address
from operations.commands.database import TIMEOUT
from operations.commands.printing import wide
from operations.stalled import Stalled, stalled
from views.operator import codes, name_of

app = typer.Typer(
    name="filings",
    help="Nhiều hồ sơ cùng lúc / Many filings at once.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.callback()
def _group() -> None:
    """Nhiều hồ sơ cùng lúc / Many filings at once."""


@app.command("stalled")
def list_stalled(*, patience: Patience = PATIENCE, as_json: AsJson = False) -> None:
    """List filings, payments and parcels that stand still because the code of the worker fails on them, and where.

    Nothing of them is lost: they go on by themselves once a worker without the bug runs (docs/operations.md). The
    message of the error is not shown, as it may speak of a person.

    Examples: `motcua filings stalled`, `motcua filings stalled --json`
    """

    async def look(_: timedelta) -> list[Stalled]:
        return await stalled(await connect())

    found = end_well(patiently(look, patience))
    known = _codes(found)
    if as_json:
        print_json([_row(one, known) for one in found])
        return
    if found:
        wide().print(_table(found, known))
    out().print(f"{len(found)} đứng yên / stalled")


def _codes(found: Iterable[Stalled]) -> dict[str, tuple[str, str]]:
    """Dossier code and agency by filing, as far as the record can be asked."""
    filings = [filing for one in found if (filing := _uuid(one.filing_id)) is not None]
    dsn = find_address(APPLICATION)
    if not filings or dsn is None:
        return {}

    async def read() -> dict[UUID, tuple[str, str]]:
        connection = await asyncpg.connect(dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
        try:
            return await codes(connection, filings)
        finally:
            await connection.close(timeout=TIMEOUT)

    try:
        return {str(filing): known for filing, known in asyncio.run(read()).items()}
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        note(f"chưa đọc được mã hồ sơ / dossier codes can't be read: {type(error).__name__}")
        return {}


def _uuid(text: str) -> UUID | None:
    """None for what somebody started under an id of another form."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _row(one: Stalled, known: dict[str, tuple[str, str]]) -> dict[str, Any]:
    code, agency = known.get(one.filing_id, (None, None))
    who = {"code": code, "agency": agency, "filing_id": one.filing_id}
    return who | asdict(one) | {"since": one.since.isoformat()}


def _table(found: Iterable[Stalled], known: dict[str, tuple[str, str]]) -> Table:
    table = Table("Hồ sơ / Filing", "Luồng / Workflow", "Từ / Since", "Lần / Tries", "Lý do / Reason")
    for one in found:
        code, _ = known.get(one.filing_id, (one.filing_id, ""))
        cells = (code, name_of(one.workflow_id), when(one.since), str(one.attempts), one.reason)
        table.add_row(*map(escape, cells))
    return table
