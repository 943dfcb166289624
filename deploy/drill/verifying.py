"""The checks of a restored record: its hashes, checkpoints, keys and files, and keys that must be unreadable in it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from activities.keys.masters import MasterKeys
from activities.ledger.vault import IndexKeyGoneError, Vault
from console.database import Connection
from deploy.drill.sources import Sources
from operations.store.scrub import scrub
from rules.require import require
from verifier import checkpoint as checkpoint_verifier
from verifier import ledger as ledger_verifier
from verifier import notes
from verifier.checkpoint import Rule, Trust
from views.log import SealBrokenError


@dataclass(frozen=True)
class Problem:
    """A fault of the backup. `check`: `restore`, `record`, `checkpoints`, `keys`, `files`, `erased` or `engine`."""

    check: str
    place: str
    rule: str


async def record(dsn: str) -> list[Problem]:
    """Verifies hashes, chains, receipts and numbers."""
    report = await ledger_verifier.verify(dsn)
    return [Problem("record", _where(one.stream, one.seq), one.rule) for one in report.problems]


async def checkpoints(connection: Connection, sources: Sources, last: int) -> list[Problem]:
    """Compares the events up to position `last` with the second place. Events after `last` may be missing.

    No witness is queried, so that only the second place is contacted.
    """
    if sources.place is None:
        return []
    trust = Trust(notes.Key.read(str(require(sources.log)), notes.LOG))
    report = await checkpoint_verifier.verify(connection, sources.place, trust)
    return [
        Problem("checkpoints", _where(one.stream, one.seq), one.rule)
        for one in report.findings
        if one.rule not in _OF_LATER and not (one.rule in _LOST and (one.position or last + 1) > last)
    ]


_LOST: Final = {Rule.EVENT_MISSING, Rule.POSITION_DIFFERS}
_OF_LATER: Final = {Rule.ROWS, Rule.MORE}
"""Faults that are reported for a sound backup, too, as it lacks the latest rows. `record` verifies the rows' chain."""


async def keys(connection: Connection, masters: MasterKeys) -> list[Problem]:
    """Checks that the master keys can unwrap every key of the record."""
    found = []
    try:
        await Vault(masters).persons(connection)
    except (SealBrokenError, IndexKeyGoneError):
        found.append(Problem("keys", "index", "unreadable"))
    filings = [row["filing_id"] for row in await connection.fetch("select filing_id from filing_key order by 1")]
    for start in range(0, len(filings), PAGE):
        page, vault = filings[start : start + PAGE], Vault(masters)
        await vault.learn(connection, page)
        found += [Problem("keys", str(filing), "unreadable") for filing in page if vault.known(filing) is None]
    return found


PAGE: Final = 5_000
"""The number of keys unwrapped at once."""


async def files(dsn: str, sources: Sources) -> list[Problem]:
    """Checks that the store has every file that the restored record names. Raises `StoreFailedError`."""
    report = await scrub(dsn, sources.store, sources.masters, lambda *_: None)
    return [Problem("files", one.key or _where(one.stream, one.seq), one.rule) for one in report.problems]


async def erased(connection: Connection, filings: Collection[UUID]) -> list[Problem]:
    """Returns a problem for each key of an erased filing that the platform's role can still read."""
    seen = await connection.fetch("select filing_id from filing_key where filing_id = any($1)", list(filings))
    return [Problem("erased", str(row["filing_id"]), "readable") for row in seen]


def _where(stream: str | None, seq: int | None) -> str:
    return " ".join(str(part) for part in (stream, seq) if part is not None)
