"""What a batch needs before it can be written: its filing's key, its numbers, the person's other open filings.

One statement gives it all, in the transaction that then records the batch: numbers have no gaps, since their counters
stay locked until the commit, and of two filings that one person hands in at once, one sees the other.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from activities.ledger.database import Connection, transaction
from activities.ledger.vault import FilingKey, Vault
from rules.streams import Numbering
from rules.time.working_time import VIETNAM
from schemas.base import Model, numbers_taken
from schemas.filing.events import PickupOffered, ResultOffered, Submitted
from schemas.stream.ledger import Batch

MOST: Final = 10
"""So many of the person's other filings are named at most, the oldest first: a warning to the officer, no refusal."""


@dataclass(frozen=True)
class Run:
    """Numbers to take from one counter, one after the other.

    Attributes:
        kind: Of the counter.
        period: In which it counts.
        length: How many of them.
        how: They are written.
    """

    kind: str
    period: str
    length: int
    how: Numbering

    def up_to(self, agency: str, last: int) -> list[str]:
        """The numbers as they are written, of which `last` is the last."""
        return [self.how.write(agency, self.period, n) for n in range(last - self.length + 1, last + 1)]


@dataclass(frozen=True)
class Filer:
    """Who hands a filing in, as only the vault can name them, and for which procedure."""

    person: bytes
    procedure: str

    @property
    def lock(self) -> int:
        """Held by whoever records a filing of this person."""
        return int.from_bytes(self.person[:8], "big", signed=True)


@dataclass(frozen=True)
class Reserved:
    """What a batch may be written with.

    Attributes:
        key: Of its filing.
        numbers: By kind of counter, in the order in which the batch's events take them.
        filer: Of a submission.
        others: The codes of the person's other open filings for the same procedure.
    """

    key: FilingKey
    numbers: Mapping[str, list[str]] = field(default_factory=dict)
    filer: Filer | None = None
    others: tuple[str, ...] = ()

    def filled(self, events: Iterable[Model]) -> Iterator[Model]:
        """The events with what the ledger alone knows of them."""
        numbers = {kind: iter(taken) for kind, taken in self.numbers.items()}
        for event in events:
            known: dict[str, Any] = {name: next(numbers[kind]) for name, kind in numbers_taken(event).items()}
            match event:
                case Submitted():
                    known["possible_duplicates"] = self.others
                case PickupOffered():
                    known["code"] = f"{secrets.randbelow(10**6):06d}"
                case ResultOffered():
                    link = secrets.token_urlsafe(24)
                    known |= {"link": link, "link_sha256": hashlib.sha256(link.encode()).hexdigest()}
            yield event.model_copy(update=known) if known else event


class Reserving:
    """Reserves for batches what they take: each kind of number as its `Numbering` says."""

    def __init__(self, vault: Vault, numberings: Mapping[str, Numbering]) -> None:
        self._vault = vault
        self._numberings = numberings

    @asynccontextmanager
    async def reserved(self, connection: Connection, batch: Batch, events: Sequence[Model]) -> AsyncIterator[Reserved]:
        """What the batch needs. If it takes numbers, then in a transaction that ends with the block.

        Raises `LookupError` if somebody takes the filing's key away at this moment.
        """
        taken = runs(events, batch.at, self._numberings)
        if not taken:
            yield Reserved(await self._vault.key(connection, batch.filing_id, batch.agency))
            return
        filer = self._filer(events)
        async with transaction(connection, *_locks(filer)):
            reserved = await self._reserve(connection, batch, taken, filer)
            yield reserved
        self._vault.remember(batch.filing_id, reserved.key)

    def _filer(self, events: Iterable[Model]) -> Filer | None:
        for event in events:
            if isinstance(event, Submitted):
                return Filer(self._vault.person(event.applicant.id_number), event.procedure)
        return None

    async def _reserve(self, connection: Connection, batch: Batch, taken: list[Run], filer: Filer | None) -> Reserved:
        counted = (batch.agency, *([getattr(run, column) for run in taken] for column in ("kind", "period", "length")))
        known = self._vault.known(batch.filing_id)
        if known and filer is None:
            rows = await connection.fetch(_COUNT, *counted)
            return Reserved(known, _numbers(batch, taken, {row["kind"]: row["last"] for row in rows}))
        key, wrapped = (known, None) if known else self._vault.new(batch.filing_id)
        [row] = await connection.fetch(
            _RESERVE,
            *counted,
            batch.filing_id,
            key.key_id,
            wrapped,
            *((filer.person, filer.procedure) if filer else (None, None)),
            MOST,
        )
        if not (known or row["made"]):
            key = await self._of_others(connection, batch, row)
        return Reserved(key, _numbers(batch, taken, json.loads(row["last"])), filer, tuple(row["others"]))

    async def _of_others(self, connection: Connection, batch: Batch, row: Mapping[str, Any]) -> FilingKey:
        if row["wrapped"] is not None:
            return self._vault.unwrap(row["key_id"], row["wrapped"])
        # It was made while the statement waited for it, which does not see what was committed meanwhile.
        return await self._vault.others(connection, batch.filing_id)


def runs(events: Iterable[Model], at: datetime, numberings: Mapping[str, Numbering]) -> list[Run]:
    """What the events take from the counters, in the order in which these are locked."""
    kinds = Counter(kind for event in events for kind in numbers_taken(event).values())
    moment = at.astimezone(VIETNAM)
    return [
        Run(kind, moment.strftime(numberings[kind].period), length, numberings[kind])
        for kind, length in sorted(kinds.items())
    ]


def _numbers(batch: Batch, taken: Iterable[Run], last: Mapping[str, int]) -> dict[str, list[str]]:
    return {run.kind: run.up_to(batch.agency, last[run.kind]) for run in taken}


def _locks(filer: Filer | None) -> tuple[str, ...]:
    """Before anything is looked at. The table first, as all appends do: whoever holds it may change the read models."""
    person = () if filer is None else (f"select pg_advisory_xact_lock({filer.lock})",)
    return ("lock table stream in row exclusive mode", *person)


_COUNT: Final = """
insert into counter (agency, kind, period, last)
select $1, kind, period, length from unnest($2::text[], $3::text[], $4::int[]) as run (kind, period, length)
order by kind
on conflict (agency, kind, period) do update set last = counter.last + excluded.last
returning kind, last
"""

_RESERVE: Final = f"""
with made as (
    insert into filing_key (filing_id, agency, key_id, wrapped) select $5, $1, $6, $7 where $7::bytea is not null
    on conflict (filing_id) do nothing returning true
), taken as ({_COUNT})
select exists (select from made) as made, found.key_id, found.wrapped,
    (select json_object_agg(kind, last) from taken) as last,
    array(
        select code from filing where person = $8 and procedure = $9 and filing_id <> $5 and closed_at is null
        order by submitted_at, code limit $10
    ) as others
from (select) as asked left join filing_key as found on found.filing_id = $5 and $7 is not null
"""  # noqa: S608 -- joined from statements of our own
