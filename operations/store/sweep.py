"""The sweep: sets aside each file under `files/` that no event names, and days later removes it if still unnamed.

Files of an erased filing, which come back if a copy of the store is restored, are swept too. The two steps are days
apart, so that a submission under way loses nothing: a file that an event names meanwhile is put back. Every step is
idempotent, and may be interrupted.
"""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from obstore.store import ObjectStore

from activities.keys.masters import MasterKeys
from activities.ledger.vault import Vault
from activities.support.failpoint import failpoint
from console.database import connected
from motcua.cli.running import WorkRefusedError
from motcua.files.drafts import DRAFT, folder_of
from motcua.files.store import StoreFailedError
from operations.store.named_files import COLUMNS, Condition, Reference, condition, evidence, move, named_files
from views.log import Connection

OLD: Final = timedelta(days=7)
"""How long an unnamed file stays in place before it is set aside, and then stays aside before it is removed."""
ASIDE: Final = "swept/"
PAGE: Final = 200
"""The number of files checked at once, with their filings' events in memory."""
TIMEOUT: Final = 30.0

_KEY: Final = re.compile(r"files/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/[0-9a-f]{64}")
_OF_FILINGS: Final = f"select {COLUMNS} from event where filing_id = any($1)"  # noqa: S608 -- names of ours
_ERASED: Final = "select filing_id from filing where filing_id = any($1) and erased_at is not null"

Progress = Callable[[int], None]


@dataclass
class Report:
    """The result of a sweep. If `dry_run`, nothing was changed: the numbers are those that a real sweep would have.

    Attributes:
        files: Files checked, including files set aside before.
        named: Files named by an event.
        young: Unnamed files that are too young for any step.
        left: Files not touched: their filing can't be read and was not erased, or their key is not one of ours.
        swept: Files set aside now.
        put_back: Files set aside before, named since, and put back now.
        deleted: Files set aside long ago, and removed for good now.
        drafts: Removed drafts of interrupted uploads.
    """

    dry_run: bool
    files: int = 0
    named: int = 0
    young: int = 0
    left: int = 0
    swept: int = 0
    put_back: int = 0
    deleted: int = 0
    drafts: int = 0


@dataclass(frozen=True)
class Known:
    """The log's facts about some files: the files that events name, by key, and the filings that can't be read."""

    named: dict[str, Reference]
    unreadable: set[UUID]


async def sweep(
    dsn: str, store: ObjectStore, master: MasterKeys, *, old: timedelta, dry_run: bool, progress: Progress
) -> Report:
    """Sweeps once. Calls `progress(files)` for each page. Raises `WorkRefusedError`, asyncpg's and obstore's errors."""
    async with connected(dsn, TIMEOUT) as connection:
        if not await connection.fetchval("select pg_try_advisory_lock(hashtext('motcua store sweep'))"):
            raise WorkRefusedError("another sweep is under way: let it end")
        vault = Vault(master)
        if not await vault.opens(connection):
            raise WorkRefusedError("MOTCUA_MASTER_KEY is not the key that this record was sealed with")
        sweeping = _Sweep(connection, store, vault, datetime.now(UTC) - old, Report(dry_run))
        await sweeping.aside(progress)
        await sweeping.files(progress)
        sweeping.report.drafts = remove_drafts(store, sweeping.before, dry_run=dry_run)
    return sweeping.report


class _Sweep:
    def __init__(
        self, connection: Connection, store: ObjectStore, vault: Vault, before: datetime, report: Report
    ) -> None:
        self.before = before
        self.report = report
        self._connection = connection
        self._store = store
        self._vault = vault

    async def aside(self, progress: Progress) -> None:
        """Handles the files set aside: puts back files named since, deletes unnamed files that are old enough."""
        async for page in self._pages(f"{ASIDE}files/", progress):
            known = await self._known(page)
            for key, modified in page.items():
                if key in known.named:
                    self.report.named += 1
                    await self._put_back(known.named[key])
                elif not self._stays(key, modified, known):
                    if not self.report.dry_run:
                        await self._delete(f"{ASIDE}{key}")
                    self.report.deleted += 1

    async def files(self, progress: Progress) -> None:
        """Handles the files that are not set aside: sets aside old files that no event names."""
        async for page in self._pages("files/", progress):
            known = await self._known(page)
            swept = [key for key, modified in page.items() if await self._look(key, modified, known)]
            # A submission may have been recorded between the check and the move.
            known = await self._known(swept)
            for key in swept:
                if key in known.named:
                    await self._put_back(known.named[key])

    async def _pages(self, prefix: str, progress: Progress) -> AsyncIterator[dict[str, datetime]]:
        """Yields pages of files: the keys without the prefix `swept/`, each with the time of the last write."""
        async for listed in self._store.list(prefix, chunk_size=PAGE):
            page = {meta["path"].removeprefix(ASIDE): meta["last_modified"] for meta in listed}
            self.report.files += len(page)
            yield page
            progress(self.report.files)

    async def _known(self, keys: Iterable[str]) -> Known:
        filings = {filing for key in keys if (filing := _filing(key))}
        if not filings:
            return Known({}, set())
        said = await named_files(
            self._connection, self._vault, await self._connection.fetch(_OF_FILINGS, list(filings))
        )
        erased = {row["filing_id"] for row in await self._connection.fetch(_ERASED, list(said.erased))}
        unreadable = (said.erased - erased) | {place.filing_id for place in said.unread}
        of_money = await evidence(self._connection, list(filings))
        return Known({file.key: file for _, file in (*said.files, *of_money)}, unreadable)

    def _stays(self, key: str, modified: datetime, known: Known) -> bool:
        """Whether an unnamed file stays in place: it is young, or its filing can't be read. Counts it if it stays."""
        filing = _filing(key)
        if filing is None or filing in known.unreadable:
            self.report.left += 1
        elif modified >= self.before:
            self.report.young += 1
        else:
            return False
        return True

    async def _look(self, key: str, modified: datetime, known: Known) -> bool:
        """Handles one file that is not set aside. Returns whether the file was set aside now."""
        if key in known.named:
            self.report.named += 1
            return False
        if self._stays(key, modified, known):
            return False
        if self.report.dry_run or await move(self._store, key, f"{ASIDE}{key}"):
            failpoint("sweep.swept")
            self.report.swept += 1
            return not self.report.dry_run
        return False

    async def _put_back(self, file: Reference) -> None:
        """Puts a file back, unless it was uploaded again meanwhile. The scrub reports the upload if it is damaged."""
        if self.report.dry_run:
            self.report.put_back += 1
            return
        match await condition(self._store, file):
            case Condition.MISSING:
                self.report.put_back += await move(self._store, f"{ASIDE}{file.key}", file.key)
            case Condition.FINE:
                await self._delete(f"{ASIDE}{file.key}")
            case Condition.DAMAGED:
                self.report.left += 1

    async def _delete(self, key: str) -> None:
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return  # already deleted
        failpoint("sweep.deleted")


def _filing(key: str) -> UUID | None:
    """Returns the filing of a file's key; None if the key is not one of ours."""
    found = _KEY.fullmatch(key)
    return UUID(found[1]) if found else None


def remove_drafts(store: ObjectStore, before: datetime, *, dry_run: bool) -> int:
    """Removes a folder store's drafts written before `before`. Returns their number. Raises `StoreFailedError`."""
    folder = folder_of(store)
    if folder is None:
        return 0
    try:
        return sum(_removed(draft, before, dry_run=dry_run) for draft in _drafts(folder / "files"))
    except OSError as error:
        raise StoreFailedError(f"drafts in the object store can't be removed: {error.strerror}") from None


def _removed(draft: os.DirEntry[str], before: datetime, *, dry_run: bool) -> bool:
    try:
        if draft.stat().st_mtime >= before.timestamp():
            return False
        if not dry_run:
            Path(draft).unlink()
    except FileNotFoundError:
        return False  # its upload has just ended
    return True


def _drafts(files: Path) -> Iterator[os.DirEntry[str]]:
    if not files.is_dir():
        return
    with os.scandir(files) as filings:
        for filing in filings:
            if filing.is_dir(follow_symlinks=False):
                with os.scandir(filing) as entries:
                    yield from (entry for entry in entries if DRAFT.search(entry.name))
