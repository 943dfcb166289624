"""`motcua filings`: commands about many filings at once."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from temporalio.service import RPCError

from console.agencies import see_agency
from console.database import APPLICATION, address, answered, connected, find_setting
from motcua import contract as c
from motcua.calls.retry import patiently
from motcua.cli.answer import Column, columns, lines, progress, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import PATIENCE, Agency, AsJson, Operator, Patience, actor_of
from motcua.cli.running import Exit, end_well, exit_if, note, parse, refusing, use_stack_here
from motcua.client import FilingClient
from motcua.connection import configured_address, connect
from motcua.errors import MotcuaError
from operations.machine_work import Failing, failing
from operations.passing_on import Report, pass_all_on
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


@app.command("pass-on")
def pass_on(agency: Agency, *, actor: Operator, patience: Patience = PATIENCE, as_json: AsJson = False) -> None:
    use_stack_here()
    see_agency(agency)
    operator, dsn = parse(c.Actor, actor_of(actor)), address(APPLICATION)

    async def work() -> Report:
        async with connected(dsn) as connection, await FilingClient.connect(patience=patience) as client:
            return await pass_all_on(connection, client, agency, operator, moved)

    with progress("command.pass_on.progress") as moved, refusing(MotcuaError, Exit.UNREACHABLE):
        report = answered(work)
    show_one(report, columns("agency successor passed_on"), as_json=as_json, data=report)
    if not as_json:
        show_all(report.kept, _KEPT)
        show_all(report.streams, (Column("stream", lambda stream: stream),))
    exit_if(report.kept)


_KEPT: Final = columns("filing:code", Column("why_not", lambda one: lines(problem.message for problem in one.problems)))

_COLUMNS: Final = columns("filing:0 stream:1 since:2 tries:3 reason:4 next_try:5")


def _recorded(found: Iterable[Stalled]) -> tuple[dict[str, tuple[str, str]], list[Failing]]:
    """Returns each filing's code and agency, by id; and the failing machine work. Both are empty without a record."""
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
    """Returns a filing's id as a UUID; None for any other text, such as the id of a workflow that is not ours."""
    try:
        return UUID(text)
    except ValueError:
        return None
