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

from activities.signature.revocation import Remembering, Responders
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.trust import Trust, roots_in
from motcua import contract as c
from motcua.cli.answer import columns, show_all, show_one
from motcua.cli.options import AsJson, DryRun, MaybeOperator, actor_of
from motcua.cli.progress import progress
from motcua.cli.running import Exit, exit_if, fail, refusing, use_stack_here
from motcua.client import FilingClient
from motcua.errors import MotcuaError
from operations.addresses import APPLICATION
from operations.commands.database import address, answered
from operations.commands.result import policy_set, subjects_set
from operations.commands.store import object_store
from operations.store.renewing import SOON, Issued, Records, Renewing, Report, renew
from schemas.saying import said

TEMPORAL_PATIENCE: Final = 15.0
app = typer.Typer()

_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")


@app.command("renew")
def command(
    *,
    actor: MaybeOperator = None,
    within: Annotated[str, typer.Option("--within", metavar="180d", help="option.renew.within")] = f"{SOON.days}d",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    use_stack_here()
    days = _DAYS.fullmatch(within)
    if days is None:
        fail(said("refused.written", option="--within", example="180d"), Exit.USAGE)
    if actor is None and not dry_run:
        fail(said("refused.renew.who"), Exit.USAGE)
    who = None if actor is None else c.Actor.model_validate(actor_of(actor))
    agency = None if who is None else who.agency
    dsn, soon = address(APPLICATION), timedelta(days=int(days[1]))

    async def work() -> Report:
        async with _lasting() as lasting, _records(who, dry_run=dry_run) as records:
            how = Renewing(store, lasting, records, datetime.now(UTC), agency, soon, dry_run)
            return await renew(dsn, how, lambda results, of, renewed: moved(results, of, renewed=renewed))

    store = object_store()
    with progress("command.renew.progress") as moved, refusing(MotcuaError, Exit.UNREACHABLE):
        report = answered(work)
    title = said("command.store.only_counted") if dry_run else None
    show_one(
        report, columns("results unsigned due_soon:due renewed"), as_json=as_json, data=report.plain(), title=title
    )
    if report.failed and not as_json:
        show_all(report.failed, columns("n:0 problem:1"))
    exit_if(report.failed)


@asynccontextmanager
async def _lasting() -> AsyncIterator[Lasting]:
    file, authority = os.environ.get("MOTCUA_SIGNATURE_ROOTS"), os.environ.get("MOTCUA_TSA_URL")
    if not file or not authority:
        fail(said("refused.set", names="MOTCUA_SIGNATURE_ROOTS, MOTCUA_TSA_URL"), Exit.USAGE)
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
        common = {"command_id": f"renew:{issued.sha256[:48]}", "actor": who, "via": {"principal": "motcua"}}
        order = c.RenewResult.model_validate(common | {"registered": issued.number, "result": file})
        await client.act(f"result:{issued.filing_id}:{issued.n}", order)

    return told


async def _nothing(_: Issued, __: c.FileRef) -> None:
    """Whoever only counts has nothing to tell."""
