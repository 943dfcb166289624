"""`motcua store`: checks, sweeps, uploads and renewal of files in the object store."""

import re
import shlex
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, cast

import obstore
import typer
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from console.database import APPLICATION, address, answered, find_setting, master_key
from motcua import contract as c
from motcua.cli.answer import Column, columns, progress, show_all, show_one
from motcua.cli.help import group
from motcua.cli.options import AsJson, DryRun, FilingId, MaybeOperator, actor_of
from motcua.cli.running import (
    Exit,
    WorkRefusedError,
    end_well,
    exit_if,
    fail,
    out,
    print_json,
    refusing,
    use_stack_here,
)
from motcua.errors import MotcuaError
from motcua.files.drafts import folder_of
from motcua.files.store import OBJECTS, NoStoreError, StoreFailedError, open_store
from operations.store import scrub as scrubbing
from operations.store import sweep as sweeping
from operations.store.renewing import SOON, Renewing, Report, records_of, renew, stamping
from schemas.files import file_key
from schemas.translate import said

T = TypeVar("T")

app = group("store")

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_AGE: Final = re.compile(r"([1-9][0-9]{0,3})([dh])")
_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")
_WEEK: Final = 7 * 24 * 60
"""The longest validity of an address in S3, in minutes."""


@app.command()
def presign(
    filing_id: FilingId,
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="option.store.sha256")],
    *,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=_WEEK, help="option.store.minutes")] = 15,
    as_json: AsJson = False,
) -> None:
    if not _DIGEST.fullmatch(sha256):
        fail(said("refused.store.digest"), Exit.USAGE)
    way = end_well(way_in(object_store(), file_key(filing_id, sha256), timedelta(minutes=minutes)))
    if as_json:
        print_json(way)
    elif "path" in way:
        # These commands copy FILE atomically, and never replace a file.
        folder, place = shlex.quote(str(Path(way["path"]).parent)), shlex.quote(way["path"])
        draft = f'draft={folder}/upload#$(od -An -N7 -tu8 /dev/urandom | tr -d " ")'
        copy = f'cp FILE "$draft" && sync "$draft" && ln "$draft" {place}; rm -f "$draft"'
        out().print(f"{way['path']}\n\nmkdir -p {folder}\n{draft}\n{copy}", markup=False)
    else:
        out().print(f"{way['url']}\n\ncurl --fail -T FILE -H 'If-None-Match: *' '{way['url']}'", markup=False)


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
    """Returns the object store set in the environment, else that of this folder's stack; else ends the command."""
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


async def way_in(store: ObjectStore, key: str, lasting: timedelta) -> dict[str, Any]:
    """Returns how to upload a file under `key`, as plain data. Raises `StoreFailedError`.

    Into a folder store, an uploader writes a draft, syncs it, and links it to `path`, which must not exist yet. For S3,
    an uploader sends a PUT to `url` before `expires_at`, with the `headers`, which prevent overwriting.
    """
    folder = folder_of(store)
    if folder is not None:
        return {"key": key, "path": str(folder / key)}
    until = (datetime.now(UTC) + lasting).isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        url = await obstore.sign_async(cast("obstore.store.S3Store", store), "PUT", key, lasting)
    except (BaseError, TypeError, ValueError) as error:
        raise StoreFailedError(f"the object store signs no addresses: {type(error).__name__}") from None
    return {"key": key, "method": "PUT", "url": url, "headers": {"If-None-Match": "*"}, "expires_at": until}


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
