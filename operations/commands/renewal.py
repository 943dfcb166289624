"""`motcua store renew`: further time-stamps for issued results, before the last ones can't be checked any more."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from asn1crypto import x509
from rich.markup import escape
from rich.table import Table

from activities.signature.revocation import Remembering, Responders
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.trust import Trust, roots_in
from motcua import contract as c
from motcua.cli.filings import actor_of
from motcua.cli.running import AsJson, Exit, fail, out, print_json, use_stack_here
from motcua.client import FilingClient
from motcua.errors import MotcuaError
from operations.addresses import APPLICATION
from operations.commands.database import address, answered
from operations.commands.printing import bar
from operations.commands.result import policy_set, subjects_set
from operations.commands.store import object_store
from operations.store.renewing import SOON, Issued, Records, Renewing, Report, renew

TEMPORAL_PATIENCE: Final = 15.0
app = typer.Typer()

_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")


@app.command("renew")
def command(
    *,
    actor: Annotated[
        str | None,
        typer.Option("--actor", metavar="operator:SUBJECT@AGENCY", help="Who answers for it."),
    ] = None,
    within: Annotated[str, typer.Option("--within", metavar="180d", help="Stamps that end so soon.")] = f"{SOON.days}d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give every issued result whose time-stamp soon expires another one: a new file, which the register knows too.

    Run it every month for each agency; with `--dry-run` for all. What is not whole and validly signed any more is left
    as it is and named, with exit 1. It can be ended at any moment. Needs MOTCUA_SIGNATURE_ROOTS, MOTCUA_TSA_URL,
    MOTCUA_DATABASE_URL, MOTCUA_OBJECTS and Temporal, or the stack of this folder.

    Examples: `motcua store renew --dry-run`, `motcua store renew --actor operator:h01.12-operator-1@H01.12`
    """
    use_stack_here()
    days = _DAYS.fullmatch(within)
    if days is None:
        fail("--within: viết / write 180d", Exit.USAGE)
    if actor is None and not dry_run:
        fail("thiếu --actor operator:SUBJECT@AGENCY, hoặc --dry-run / say --actor, or --dry-run", Exit.USAGE)
    who = None if actor is None else c.Actor.model_validate(actor_of(actor))
    agency = None if who is None else who.agency
    dsn, soon = address(APPLICATION), timedelta(days=int(days[1]))

    async def work() -> Report:
        async with _lasting() as lasting, _records(who, dry_run=dry_run) as records:
            how = Renewing(store, lasting, records, datetime.now(UTC), agency, soon, dry_run)
            return await renew(dsn, how, looked_at)

    store = object_store()
    with bar() as progress:
        task = progress.add_task("")

        def looked_at(results: int, of: int, renewed: int) -> None:
            described = f"{results:,} / {of:,} kết quả / results, {renewed:,} gia hạn / renewed"
            progress.update(task, completed=results, total=of, description=described)

        try:
            report = answered(work)
        except MotcuaError as error:
            fail(str(error), Exit.UNREACHABLE)
    if as_json:
        print_json(report.plain())
    else:
        out().print(_table(report))
    if report.failed:
        raise typer.Exit(Exit.REFUSED)


@asynccontextmanager
async def _lasting() -> AsyncIterator[Lasting]:
    file, authority = os.environ.get("MOTCUA_SIGNATURE_ROOTS"), os.environ.get("MOTCUA_TSA_URL")
    if not file or not authority:
        fail("đặt / set MOTCUA_SIGNATURE_ROOTS, MOTCUA_TSA_URL", Exit.USAGE)
    try:
        roots = [x509.Certificate.load(one) for one in roots_in(Path(file).read_bytes())]  # noqa: ASYNC240 -- before all
    except (OSError, ValueError) as error:
        fail(f"MOTCUA_SIGNATURE_ROOTS: {type(error).__name__}", Exit.USAGE)
    async with httpx.AsyncClient(timeout=5) as client:
        trust = Trust(roots, Remembering(Responders(client)), policy_set())
        yield Lasting(HttpStamper(client, authority), trust, subjects_set())


@asynccontextmanager
async def _records(who: c.Actor | None, *, dry_run: bool) -> AsyncIterator[Records]:
    if who is None or dry_run:
        yield _nothing
        return
    async with await FilingClient.connect(patience=TEMPORAL_PATIENCE) as client:
        yield recorded_by(client, who)


def recorded_by(client: FilingClient, who: c.Actor) -> Records:
    """What tells a result's stream, in the name of this operator; the same file is renewed once."""

    async def told(issued: Issued, file: c.FileRef) -> None:
        said = {"command_id": f"renew:{issued.sha256[:48]}", "actor": who, "via": {"principal": "motcua"}}
        order = c.RenewResult.model_validate(said | {"registered": issued.number, "result": file})
        await client.act(f"result:{issued.filing_id}:{issued.n}", order)

    return told


async def _nothing(_: Issued, __: c.FileRef) -> None:
    """Whoever only counts has nothing to tell."""


def _table(report: Report) -> Table:
    title = "Chỉ đếm, không thay đổi gì / Only counted, nothing changed" if report.dry_run else None
    table = Table("Kết quả / Results", "Số / Number", title=title)
    for words, number in (
        ("đã xem / looked at", report.results),
        ("không có dấu thời gian / without a time-stamp", report.unsigned),
        ("sắp hết hạn / soon expiring", report.due),
        ("đã gia hạn / renewed", report.renewed),
    ):
        table.add_row(words, f"{number:,}")
    for which, rule in report.failed:
        table.add_row(f"[red]{escape(which)}[/]", f"[red]{rule}[/]")
    return table
