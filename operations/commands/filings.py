"""`motcua filings`: commands about many filings at once."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from temporalio.service import RPCError

from console.database import APPLICATION, connected, find_setting
from motcua.calls.retry import patiently
from motcua.cli.answer import columns, show_all
from motcua.cli.help import group
from motcua.cli.options import PATIENCE, AsJson, Patience
from motcua.cli.running import end_well, note, use_stack_here
from motcua.connection import configured_address, connect
from operations.machine_work import Failing, failing
from recovery.stalled import Stalled, stalled
from schemas.ids import filing_workflow
from schemas.translate import said
from views.log import DATABASE_ERRORS
from views.operator import codes, name_of

app = group("filings")


@app.command("stalled")
def list_stalled(*, patience: Patience = PATIENCE, as_json: AsJson = False) -> None:
    async def look(_: timedelta) -> list[Stalled]:
        return await stalled(await connect())

    use_stack_here()
    found = end_well(patiently(look, patience, server=configured_address()))
    known, failed = _recorded(found)
    counts = said("command.filings.stalled", stalled=len(found), failing=len(failed))
    data: list[dict[str, Any]] = []
    rows: list[tuple[object, ...]] = []
    for one in found:
        code, agency = known.get(one.filing_id, (None, None))
        who = {"code": code, "agency": agency, "filing_id": one.filing_id}
        data.append(who | asdict(one) | {"next_try": None})
        rows.append((code or one.filing_id, name_of(one.workflow_id), one.since, one.attempts, one.reason, None))
    for owed in failed:
        work, what = owed.work, f"backoffice.{owed.work.work}"
        who = {"code": owed.code, "agency": owed.agency, "filing_id": owed.filing_id}
        cause = {"workflow_id": filing_workflow(owed.filing_id), "cause": what, "place": None}
        data.append(who | cause | {name: value for name, value in asdict(work).items() if name != "work"})
        rows.append((owed.code, what, work.since, work.attempts, f"{owed.agency}: {work.error}", work.next_try))
    show_all(rows, _COLUMNS, counts, as_json=as_json, data=data)


_COLUMNS: Final = columns("filing:0 stream:1 since:2 tries:3 reason:4 next_try:5")


def _recorded(found: Iterable[Stalled]) -> tuple[dict[str, tuple[str, str]], list[Failing]]:
    """Returns code and agency of each filing, by id, and failing machine work; both empty if the record is missing."""
    filings = [filing for one in found if (filing := _uuid(one.filing_id)) is not None]
    dsn = find_setting(APPLICATION)
    if dsn is None:
        return {}, []

    async def read() -> tuple[dict[UUID, tuple[str, str]], list[Failing]]:
        async with connected(dsn) as connection:
            return await codes(connection, filings), await failing(connection, await connect())

    try:
        known, failed = asyncio.run(read())
    except (OSError, TimeoutError, *DATABASE_ERRORS, RPCError) as error:
        note(said("refused.filings.no_codes"), type(error).__name__)
        return {}, []
    return {str(filing): row for filing, row in known.items()}, failed


def _uuid(text: str) -> UUID | None:
    """Returns a filing's id as a UUID; None for any other text: the id of a foreign workflow can be any text."""
    try:
        return UUID(text)
    except ValueError:
        return None
