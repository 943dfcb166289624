"""`motcua store`: is every file there that the log names, and what lies there that it does not name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from motcua.cli.answer import Column, columns, show_all, show_one
from motcua.cli.language import in_words
from motcua.cli.running import AsJson, Exit, end_well, fail, out, print_json, use_stack_here
from motcua.store import OBJECTS, NoStoreError, StoreFailedError, open_store
from operations.addresses import APPLICATION, find_address
from operations.commands.database import address, answered
from operations.commands.help_words import group
from operations.commands.masters import master_key
from operations.commands.printing import bar
from operations.store import scrub as scrubbing
from operations.store import sweep as sweeping
from operations.store.presigning import InFolder, way_in
from schemas.files import file_key
from schemas.saying import said

T = TypeVar("T")

app = group("store")

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_AGE: Final = re.compile(r"([1-9][0-9]{0,3})([dh])")
_WEEK: Final = 7 * 24 * 60
"""The longest that S3 lets an address hold, in minutes."""


@app.command()
def presign(
    filing_id: Annotated[UUID, typer.Argument(metavar="FILING_ID", help="The filing's id, a UUID.")],
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="The file's own digest, in hex.")],
    *,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=_WEEK, help="How long the address holds.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Print a URL to which any program can PUT this one file; for a folder, where and how to write it.

    Examples: `motcua store presign FILING_ID $(sha256sum notice.pdf | cut -c1-64)`, with `--json` for a program
    """
    if not _DIGEST.fullmatch(sha256):
        fail("SHA256 là 64 chữ số hex thường / SHA256 is 64 hex digits in lower case", Exit.USAGE)
    way = end_well(way_in(object_store(), file_key(filing_id, sha256), timedelta(minutes=minutes)))
    if as_json:
        print_json(way.plain())
    elif isinstance(way, InFolder):
        out().print(_by_hand(way.path), markup=False)
    else:
        out().print(f"{way.url}\n\ncurl --fail -T FILE -H 'If-None-Match: *' '{way.url}'", markup=False)


def _by_hand(path: Path) -> str:
    """Shell commands that put FILE there whole or not at all, and over nothing."""
    folder, place = shlex.quote(str(path.parent)), shlex.quote(str(path))
    return "\n".join(
        (
            str(path),
            "",
            f"mkdir -p {folder}",
            f'draft={folder}/upload#$(od -An -N7 -tu8 /dev/urandom | tr -d " ")',
            f'cp FILE "$draft" && sync "$draft" && ln "$draft" {place}; rm -f "$draft"',
        )
    )


@app.command()
def scrub(*, as_json: AsJson = False) -> None:
    """Read every file that an event of the log names; exit 1 and name each that is missing or damaged.

    Needs MOTCUA_DATABASE_URL, MOTCUA_MASTER_KEY and MOTCUA_OBJECTS, or the stack of this folder. It mends nothing. Of
    a filing whose key was erased nobody knows any more which files it had: it is counted.

    Examples: `motcua store scrub`, `motcua store scrub --json`
    """
    dsn, master, store = address(APPLICATION), master_key(), object_store()
    with bar() as progress:
        task = progress.add_task("")

        def looked_at(events: int, of: int, files: int) -> None:
            described = in_words(said("command.store.files_and_events", files=files, events=events, of=of))
            progress.update(task, completed=events, total=of, description=described)

        report = done(lambda: scrubbing.scrub(dsn, store, master, looked_at))
    if as_json:
        print_json(report.plain())
    else:
        if report.problems:
            show_all(report.problems, _PROBLEMS)
        show_one(report, _SCRUBBED)
    if not report.healthy:
        raise typer.Exit(Exit.REFUSED)


_PROBLEMS: Final = columns("problem:rule|command.scrub filing:filing_id stream n:seq key")
_SCRUBBED: Final = columns(
    Column("state", "healthy", lambda well: said("command.scrub.whole" if well else "command.scrub.not_whole")),
    "files events missing damaged unread erased",
)


@app.command()
def sweep(
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="7d|12h", help="Files that have lain there for so long.")
    ] = "7d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put files aside that no event names, and remove what was put aside before and is still not named.

    What lies under `files/` and is older than 7 days goes to `swept/`, and is deleted after 7 more; what an event names
    by then is put back. Drafts of uploads that were cut off go too. Run it every day. It can be ended at any moment.

    Examples: `motcua store sweep --dry-run`, `motcua store sweep --json`
    """
    age = _AGE.fullmatch(older_than)
    if age is None:
        fail("--older-than: viết / write 7d, 12h", Exit.USAGE)
    old = timedelta(**{{"d": "days", "h": "hours"}[age[2]]: int(age[1])})
    dsn, master, store = address(APPLICATION), master_key(), object_store()
    with bar() as progress:
        task = progress.add_task("", total=None)

        def looked_at(files: int) -> None:
            progress.update(task, completed=files, description=in_words(said("command.store.files", files=files)))

        try:
            report = done(lambda: sweeping.sweep(dsn, store, master, old=old, dry_run=dry_run, progress=looked_at))
        except sweeping.NotSweptError as error:
            fail(f"chưa dọn / not swept: {error}", Exit.REFUSED)
    title = said("command.store.only_counted") if dry_run else None
    show_one(report, _SWEPT, as_json=as_json, data=report.plain(), title=title)


_SWEPT: Final = columns("files named young left swept put_back deleted drafts")


def object_store() -> ObjectStore:
    """The object store that the environment names, else that of the stack in this folder, or the end of the command."""
    use_stack_here()
    url = find_address(OBJECTS)
    if not url:
        fail(
            f"chưa biết kho tệp: đặt {OBJECTS}, hoặc chạy `motcua up` ở thư mục này / "
            f"no object store: set {OBJECTS} (file:///folder or s3://bucket), or run `motcua up` in this folder",
            Exit.USAGE,
        )
    try:
        return open_store(url)
    except NoStoreError as error:
        fail(str(error), Exit.USAGE)


def done(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work` returns; a database or a store that fails it ends the command."""
    try:
        return answered(work)
    except StoreFailedError as error:
        fail(f"kho tệp không hoạt động / {error}", Exit.UNREACHABLE)
    except BaseError as error:
        fail(
            f"kho tệp không hoạt động / the object store failed: {type(error).__name__}; see: motcua doctor",
            Exit.UNREACHABLE,
        )
