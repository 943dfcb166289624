"""Renewal: before the newest time-stamp of an issued file becomes unverifiable, a new file with another one is made."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
from asn1crypto import x509
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from activities.signature.renewal import NotRenewedError, holds_until, renewed
from activities.signature.revocation import Remembering, Responders
from activities.signature.signing import HttpStamper, Lasting, NoTimeStampError
from activities.signature.trust import Trust, roots_in
from console.database import connected, find_setting
from motcua import contract as c
from motcua.cli.running import Exit, fail
from motcua.client import FilingClient
from motcua.errors import RefusedError
from motcua.files.store import Store
from operations.result_checking import policy_set, subjects_set
from operations.store.named_files import see_it_works
from schemas.files import FileRef, file_key
from schemas.translate import said
from views.log import Connection

SOON: Final = timedelta(days=180)
"""A time-stamp is renewed this long before its end. If a monthly run fails, there are five more tries."""
PAGE: Final = 100
TIMEOUT: Final = 30.0
MOST_NAMED: Final = 10_000

_WHICH: Final = "from result where issued_at is not null and sha256 is not null and ($1::text is null or agency = $1)"
_COUNT: Final = f"select count(*) {_WHICH}"
_PAGE: Final = f"""
select issued.*, stamp.sha256 is not null as seen, until from (
    select number, agency, filing_id, n, coalesce(renewed[array_upper(renewed, 1)], sha256) as sha256 {_WHICH}
    and number > $2 order by number limit {PAGE}
) as issued left join stamp using (sha256) order by number
"""  # noqa: S608 -- words of ours
_SEEN: Final = "insert into stamp (sha256, agency, until) values ($1, $2, $3) on conflict do nothing"


@dataclass(frozen=True)
class Issued:
    """A result in the register. `seen`: whether an earlier run read its present file; `until`: the time-stamp's end."""

    number: str
    agency: str
    filing_id: UUID
    n: int
    sha256: str
    seen: bool
    until: datetime | None


Records = Callable[[Issued, FileRef], Awaitable[None]]
"""Records the renewed file of a result. Raises `RefusedError` if the change is not allowed."""


@dataclass
class Report:
    """The outcome of a renewal.

    `unsigned`: the number of files without a time-stamp; `failed`: the results not renewed, each with the reason.
    """

    results: int = 0
    unsigned: int = 0
    due: int = 0
    renewed: int = 0
    dry_run: bool = False
    failed: list[tuple[str, str]] = field(default_factory=list)

    def leave(self, issued: Issued, rule: str) -> None:
        """Notes a result that stays unchanged, with the reason."""
        if len(self.failed) < MOST_NAMED:
            self.failed.append((issued.number, rule))


@dataclass(frozen=True)
class Renewing:
    """The terms of a renewal. `lasting`: makes the time-stamps; `records`: records the new files.

    `within`: a file is renewed if its time-stamp ends at most this long after `now`; `agency`: the agency whose results
    are renewed, None for all.
    """

    store: ObjectStore
    lasting: Lasting
    records: Records
    now: datetime
    agency: str | None = None
    within: timedelta = SOON
    dry_run: bool = False


async def renew(dsn: str, how: Renewing, progress: Callable[[int, int, int], None]) -> Report:
    """Checks every result in the register. `progress(results, of, renewed)` is called after each result.

    A file is read if no run has read it before, or if its time-stamp ends soon. The renewal can be killed and run
    again at any time: a new file that is not recorded is swept later. Raises `StoreFailedError` if the store does not
    answer, other errors of `how.records`, and asyncpg's errors.
    """
    report = Report(dry_run=how.dry_run)
    async with connected(dsn, TIMEOUT) as connection:
        of, last = await connection.fetchval(_COUNT, how.agency), ""
        while rows := await connection.fetch(_PAGE, how.agency, last):
            last = rows[-1]["number"]
            for row in rows:
                await _one(connection, Issued(**row), how, report)
                report.results += 1
                progress(report.results, max(of, report.results), report.renewed)
    return report


async def _one(connection: Connection, issued: Issued, how: Renewing, report: Report) -> None:
    if issued.seen and not _soon(issued.until, how):
        report.unsigned += issued.until is None
        return
    found = await _read(how.store, issued)
    if found is None:
        report.leave(issued, "damaged")
        return
    until = holds_until(found)
    if not (issued.seen or how.dry_run):
        await connection.execute(_SEEN, issued.sha256, issued.agency, until)
    if until is None:
        report.unsigned += 1
    elif _soon(until, how):
        report.due += 1
        if not how.dry_run:
            await _renew(issued, found, how, report)


def _soon(until: datetime | None, how: Renewing) -> bool:
    return until is not None and until - how.now <= how.within


async def _renew(issued: Issued, found: bytes, how: Renewing, report: Report) -> None:
    try:
        file = await renewed(found, how.lasting, how.now)
        kept = await Store(how.store).put(issued.filing_id, file, "application/pdf")
        await how.records(issued, kept)
        report.renewed += 1
    except NotRenewedError as error:
        report.leave(issued, error.rule)
    except RefusedError as error:
        report.leave(issued, error.refusal.code)
    except NoTimeStampError:
        report.leave(issued, "no_time_stamp")


async def _read(store: ObjectStore, issued: Issued) -> bytes | None:
    """Returns the content of the result's present file; None if the file is missing or damaged."""
    try:
        data = bytes(await (await store.get_async(file_key(issued.filing_id, issued.sha256))).bytes_async())
    except FileNotFoundError:
        return None
    except BaseError:
        await see_it_works(store)
        return None
    return data if hashlib.sha256(data).hexdigest() == issued.sha256 else None


@asynccontextmanager
async def stamping() -> AsyncIterator[Lasting]:
    file, authority = find_setting("MOTCUA_SIGNATURE_ROOTS"), find_setting("MOTCUA_TSA_URL")
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
async def records_of(who: c.Actor | None, *, dry_run: bool) -> AsyncIterator[Records]:
    if who is None or dry_run:
        yield _nothing
        return
    async with await FilingClient.connect(patience=15) as client:
        yield recorded_by(client, who)


def recorded_by(client: FilingClient, who: c.Actor) -> Records:
    """Returns the function that records a renewed file in the result's stream, for this operator. Idempotent."""

    async def record_renewal(issued: Issued, file: c.FileRef) -> None:
        common = {"command_id": f"renew:{issued.sha256[:48]}", "actor": who, "via": {"principal": "motcua"}}
        order = c.RenewResult.model_validate(common | {"registered": issued.number, "result": file})
        await client.act(f"result:{issued.filing_id}:{issued.n}", order)

    return record_renewal


async def _nothing(_: Issued, __: c.FileRef) -> None:
    """Records nothing: for a dry run."""
