"""The prerequisites of a batch: its filing's key, its numbers, the person's other open filings.

One statement reserves them in the transaction that records the batch. So numbers have no gaps, since their counters
stay locked until the commit; and if a person submits two filings at once, the second one finds the first.
"""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from activities.ledger.database import Connection, transaction
from activities.ledger.vault import WRAPPED_BY, FilingKey, Vault
from rules.require import require
from rules.stream_kind import Numbering
from rules.time.working_time import VIETNAM
from schemas.base import Model, numbers_taken
from schemas.filing.events import (
    ApplicantCorrected,
    PickupOffered,
    RepresentativeNamed,
    ResultOffered,
    Submitted,
    Succeeded,
)
from schemas.filing.submission import Authorisation
from schemas.people import Applicant
from schemas.stream.ledger import Batch
from views.log import Connection as AnyConnection

MOST: Final = 10
"""The maximum number of other open filings of the person that the officer sees as possible duplicates, oldest first."""


@dataclass(frozen=True)
class Run:
    """Consecutive numbers to take from one counter: `length` numbers of the `period`, in the written format `how`."""

    kind: str
    period: str
    length: int
    how: Numbering

    def up_to(self, agency: str, last: int) -> list[str]:
        """Returns the numbers in their written form. The last number is `last`."""
        return [self.how.write(agency, self.period, n) for n in range(last - self.length + 1, last + 1)]


Whose: TypeAlias = dict[str, bytes | None]
"""The columns of a filing's row with the persons on its side, by the pseudonymous index of the vault.

They are `person`, `representative`, and `stands_for_it`, the person who acts for an organisation; each is None without
such a person, or without their number.
"""


def _numbers_in(event: Any) -> dict[str, str | None]:
    """Returns the id numbers of the persons whom an event names, by their columns in `Whose`."""
    match event:
        case Submitted(applicant=applicant, authorisation=mandate, by_law=by_law):
            given = mandate or by_law
            return _of_applicant(applicant) | {"representative": None if given is None else given.id_number}
        case RepresentativeNamed(authorisation=Authorisation() as named):
            return {"representative": named.id_number}
        case Succeeded(applicant=applicant) | ApplicantCorrected(after=applicant):
            return _of_applicant(applicant)
        case _:
            return {}


def _of_applicant(applicant: Applicant) -> dict[str, str | None]:
    return {"person": applicant.id_number, "stands_for_it": applicant.stands_for_it_number}


async def whose_is(vault: Vault, connection: AnyConnection, events: Iterable[Any], *, first: bool = False) -> Whose:
    """Returns the columns of `Whose` that these events change, with their new values.

    `first` is passed on to `Vault.persons`, whose errors are raised here too.
    """
    numbers: dict[str, str | None] = {}
    for event in events:
        numbers |= _numbers_in(event)
    if not numbers:
        return {}
    person = await vault.persons(connection, first=first)
    return {column: None if number is None else person(number) for column, number in numbers.items()}


@dataclass(frozen=True)
class Reserved:
    """The key of a batch's filing, and the numbers reserved for the batch, by kind of counter.

    `whose`: the persons on the applicant's side whom the events name; `others`: for a submission, the codes of the
    applicant's other open filings for the same procedure.
    """

    key: FilingKey
    numbers: Mapping[str, list[str]] = field(default_factory=dict)
    whose: Whose = field(default_factory=dict)
    others: tuple[str, ...] = ()

    def filled(self, events: Iterable[Model]) -> Iterator[Model]:
        """Yields the events with the fields that only the ledger can fill."""
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
    """Reserves keys and numbers for batches. `numberings` are the formats of the numbers, by kind of number."""

    def __init__(self, vault: Vault, numberings: Mapping[str, Numbering]) -> None:
        self._vault = vault
        self._numberings = numberings

    @asynccontextmanager
    async def reserved(self, connection: Connection, batch: Batch, events: Sequence[Model]) -> AsyncIterator[Reserved]:
        """Yields the key and the numbers; if there are numbers, within a transaction. Raises `KeyGoneError`."""
        taken = runs(events, batch.at, self._numberings)
        submitted = next((event for event in events if isinstance(event, Submitted)), None)
        # Before anything is locked: wrapping or opening a key may need a remote call.
        whose = await whose_is(self._vault, connection, events, first=True)
        if submitted is None:
            key = await self._vault.key(connection, batch.filing_id, batch.agency)
            if not taken:
                yield Reserved(key, whose=whose)
                return
            async with transaction(connection, _LOCK_STREAMS):
                rows = await connection.fetch(_COUNT, *_counts(batch, taken))
                yield Reserved(key, _numbers(batch, taken, dict(rows)), whose)
            return
        applicant = require(whose["person"])
        known = self._vault.known(batch.filing_id)
        key, wrapped = (known, None) if known else await self._vault.new(batch.filing_id)
        made = (key.key_id, wrapped.data, wrapped.by) if wrapped else (key.key_id, None, None)
        about = (applicant, submitted.procedure, MOST)
        lock = int.from_bytes(applicant[:8], "big", signed=True)
        async with transaction(connection, _LOCK_STREAMS, f"select pg_advisory_xact_lock({lock})"):
            [row] = await connection.fetch(_RESERVE, *_counts(batch, taken), batch.filing_id, *made, *about)
            if wrapped and not row["made"]:
                # The row lacks a key that another transaction made while this statement waited.
                if row["wrapped"] is not None:
                    key = await self._vault.unwrap(row)
                else:
                    key = await self._vault.key(connection, batch.filing_id, batch.agency)
            yield Reserved(key, _numbers(batch, taken, json.loads(row["last"])), whose, tuple(row["others"]))
        self._vault.remember(batch.filing_id, key)


def runs(events: Iterable[Model], at: datetime, numberings: Mapping[str, Numbering]) -> list[Run]:
    """Returns the numbers that the events take, one `Run` for each counter, in the order of the counters' locks."""
    kinds = Counter(kind for event in events for kind in numbers_taken(event).values())
    moment = at.astimezone(VIETNAM)
    return [
        Run(kind, moment.strftime(numberings[kind].period), length, numberings[kind])
        for kind, length in sorted(kinds.items())
    ]


def _counts(batch: Batch, taken: list[Run]) -> tuple[Any, ...]:
    return (batch.agency, *([getattr(run, column) for run in taken] for column in ("kind", "period", "length")))


def _numbers(batch: Batch, taken: Iterable[Run], last: Mapping[str, int]) -> dict[str, list[str]]:
    return {run.kind: run.up_to(batch.agency, last[run.kind]) for run in taken}


_LOCK_STREAMS: Final = "lock table stream in row exclusive mode"
"""SQL of the lock that every append takes before it reads: another holder may be changing the read models."""

_COUNT: Final = """
insert into counter (agency, kind, period, last)
select $1, kind, period, length from unnest($2::text[], $3::text[], $4::int[]) as run (kind, period, length)
order by kind
on conflict (agency, kind, period) do update set last = counter.last + excluded.last
returning kind, last
"""

_RESERVE: Final = f"""
with made as (
    insert into filing_key (filing_id, agency, key_id, wrapped, wrapped_by)
    select $5, $1, $6, $7, $8 where $7::bytea is not null
    on conflict (filing_id) do nothing returning true
), taken as ({_COUNT})
select exists (select from made) as made, found.key_id, found.wrapped, {WRAPPED_BY} as wrapped_by,
    (select json_object_agg(kind, last) from taken) as last,
    array(
        select code from filing where person = $9 and procedure = $10 and filing_id <> $5 and closed_at is null
        order by submitted_at, code limit $11
    ) as others
from (select) as asked left join filing_key as found on found.filing_id = $5
"""  # noqa: S608 -- joined from statements of our own
