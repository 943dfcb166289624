"""`motcua store renew`: adds time-stamps to issued results before their last ones can no longer be verified."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from console.addresses import APPLICATION
from console.database import address, answered
from motcua import contract as c
from motcua.cli.answer import columns, show_all, show_one
from motcua.cli.options import AsJson, DryRun, MaybeOperator, actor_of
from motcua.cli.progress import progress
from motcua.cli.running import Exit, exit_if, fail, refusing, use_stack_here
from motcua.errors import MotcuaError
from operations.commands.documents.store import object_store
from operations.store.recording import records_of, stamping
from operations.store.renewing import SOON, Renewing, Report, renew
from schemas.translate import said

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
        async with stamping() as lasting, records_of(who, dry_run=dry_run) as records:
            how = Renewing(store, lasting, records, datetime.now(UTC), agency, soon, dry_run)
            return await renew(dsn, how, lambda results, of, renewed: moved(results, of, renewed=renewed))

    store = object_store()
    with progress("command.renew.progress") as moved, refusing(MotcuaError, Exit.UNREACHABLE):
        report = answered(work)
    title = said("command.store.only_counted") if dry_run else None
    show_one(report, columns("results unsigned due_soon:due renewed"), as_json=as_json, data=report, title=title)
    if report.failed and not as_json:
        show_all(report.failed, columns("n:0 problem:1"))
    exit_if(report.failed)
