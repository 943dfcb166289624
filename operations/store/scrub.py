"""Scrubbing: reads and checks every file that the log names, page by page, and evidence about money in suspense."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from obstore.store import ObjectStore

from activities.keys.masters import MasterKeys
from activities.ledger.vault import Vault
from console.database import connected
from operations.store.named_files import COLUMNS, Condition, Place, Reference, condition, evidence, named_files

PAGE: Final = 500
"""The number of events that are read, and held in memory, at once."""
AT_ONCE: Final = 4
"""Maximum number of files read at the same time."""
MOST_NAMED: Final = 10_000
"""Maximum number of listed problems; further problems are only counted."""
TIMEOUT: Final = 30.0

_EVENTS: Final = "select coalesce(sum(head_seq), 0)::bigint from stream where filing_id is not null"
_PAGE: Final = f"""
select {COLUMNS} from event where (stream, seq) > ($1, $2) and filing_id is not null order by stream, seq limit {PAGE}
"""  # noqa: S608 -- names of ours


@dataclass(frozen=True)
class Problem:
    """A file that is not as filed (`missing`, `damaged`), or an event that can't be decrypted (`unread`)."""

    filing_id: str
    stream: str
    seq: int
    rule: str
    key: str | None = None


@dataclass
class Report:
    """The result of a scrub. `files`: counts a file once for each event with it; `erased`: counts erased filings."""

    events: int = 0
    files: int = 0
    fine: int = 0
    missing: int = 0
    damaged: int = 0
    unread: int = 0
    erased: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether every file exists as filed."""
        return not (self.missing or self.damaged or self.unread)

    def add(self, place: Place, rule: str, key: str | None = None) -> None:
        """Counts a problem, and lists it unless `MOST_NAMED` problems are listed already."""
        setattr(self, rule, getattr(self, rule) + 1)
        if len(self.problems) < MOST_NAMED:
            self.problems.append(Problem(str(place.filing_id), place.stream, place.seq, rule, key))


async def scrub(dsn: str, store: ObjectStore, master: MasterKeys, progress: Callable[[int, int, int], None]) -> Report:
    """Checks every file, and calls `progress(events, of, files)` after each page.

    Raises `StoreFailedError` and asyncpg's errors.
    """
    report, vault = Report(), Vault(master)
    async with connected(dsn, TIMEOUT) as connection:
        of = await connection.fetchval(_EVENTS)
        last: tuple[str, int] = ("", 0)
        while rows := await connection.fetch(_PAGE, *last):
            last = rows[-1]["stream"], rows[-1]["seq"]
            said = await named_files(connection, vault, rows)
            # A filing is counted at its first event, so that no list of filings is needed.
            first = (row for row in rows if row["seq"] == 1 and row["stream"] == f"filing:{row['filing_id']}")
            report.erased += sum(row["filing_id"] in said.erased for row in first)
            for place in said.unread:
                report.add(place, "unread")
            await _look(store, said.files, report)
            report.events += len(rows)
            progress(report.events, max(of, report.events), report.files)
        await _look(store, await evidence(connection), report)
    return report


async def _look(store: ObjectStore, files: list[tuple[Place, Reference]], report: Report) -> None:
    by_file: defaultdict[Reference, list[Place]] = defaultdict(list)
    for place, file in files:
        by_file[file].append(place)
    turn = asyncio.Semaphore(AT_ONCE)

    async def look(file: Reference) -> Condition:
        async with turn:
            return await condition(store, file)

    conditions = await asyncio.gather(*map(look, by_file))
    for (file, places), found in zip(by_file.items(), conditions, strict=True):
        report.files += len(places)
        if found is Condition.FINE:
            report.fine += len(places)
            continue
        for place in places:
            report.add(place, found, file.key)
