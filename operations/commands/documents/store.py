"""`motcua store`: checks, sweeps and renewal of files in the object store."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

import typer
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from console.database import APPLICATION, address, answered, find_setting, master_key
from motcua import contract as c
from motcua.cli.answer import Column, columns, progress, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import AsJson, DryRun, MaybeOperator, actor_of
from motcua.cli.running import Exit, WorkRefusedError, exit_if, fail, refusing, use_stack_here
from motcua.errors import MotcuaError
from motcua.files.store import OBJECTS, NoStoreError, StoreFailedError, open_store
from operations.store import scrub as scrubbing
from operations.store import sweep as sweeping
from operations.store.renewing import SOON, Renewing, Report, records_of, renew, stamping
from schemas.translate import said

T = TypeVar("T")

app = group("store")

_AGE: Final = re.compile(r"([1-9][0-9]{0,3})([dh])")
_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")


@app.command()
def scrub(*, as_json: AsJson = False) -> None:
    dsn, master, store = address(APPLICATION), master_key(), object_store()
    with progress("command.store.files_and_events") as moved:
        report = done(lambda: scrubbing.scrub(dsn, store, master, lambda n, of, files: moved(n, of, files=files)))
    if report.problems and not as_json:
        show_all(report.problems, columns("problem:rule|command.scrub filing:filing_id stream n:seq key"))
    show_one(report, _SCRUBBED, as_json=as_json, data={"healthy": report.healthy} | asdict(report))
    exit_if(not report.healthy)


@app.command()
def sweep(
    *,
    older_than: Annotated[str, typer.Option("--older-than", metavar="7d|12h", help="option.store.older_than")] = "7d",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    age = _AGE.fullmatch(older_than)
    if age is None:
        fail(said("refused.written", option="--older-than", example="7d, 12h"), Exit.USAGE)
    old = timedelta(**{{"d": "days", "h": "hours"}[age[2]]: int(age[1])})
    dsn, master, store = address(APPLICATION), master_key(), object_store()
    with (
        progress("command.store.files") as moved,
        refusing(WorkRefusedError, Exit.REFUSED, said("refused.store.not_swept")),
    ):
        report = done(lambda: sweeping.sweep(dsn, store, master, old=old, dry_run=dry_run, progress=moved))
    title = said("command.store.only_counted") if dry_run else None
    show_one(report, _SWEPT, as_json=as_json, data=report, title=title)


_SCRUBBED: Final = columns(
    Column("state", "healthy", lambda well: said("command.scrub.whole" if well else "command.scrub.not_whole")),
    "files events missing damaged unread erased",
)
_SWEPT: Final = columns("files named young left swept put_back deleted drafts")


def object_store() -> ObjectStore:
    """Returns the object store of the environment, or of this folder's stack; ends the command if there is none."""
    use_stack_here()
    url = find_setting(OBJECTS)
    if not url:
        fail(said("refused.store.unknown", name=OBJECTS), Exit.USAGE)
    with refusing(NoStoreError, Exit.USAGE):
        return open_store(url)


def done(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Returns the result of `work`; an error of the database or the store ends the command."""
    try:
        return answered(work)
    except StoreFailedError as error:
        fail(said("refused.store.failing"), Exit.UNREACHABLE, detail=error)
    except BaseError as error:
        fail(said("refused.store.failed", error=type(error).__name__), Exit.UNREACHABLE)


@app.command("renew")
def renew_results(
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
