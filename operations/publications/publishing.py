"""One transaction in which something is published: what is said of it in the log, and the tables that say so too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple
from uuid import uuid4

from activities.ledger.vault import FilingKey, Vault
from operations.operators import no_operator
from operations.owner import Connection, Database, connected
from operations.publications import tables
from operations.publications.keys import forget, keys_of
from operations.publications.log import Command, Dated, append, is_personal
from operations.publications.taking_over import untaken
from rules.known import known
from rules.publishing.by_two import always_needs_two, needs_two
from rules.publishing.publications import AGENCY, OFFICER, Place, changes, place_of
from schemas.base import Personal, fields_marked
from schemas.errors import RefusalCode, refused
from schemas.ids import canonical
from schemas.people import SYSTEM, Actor
from schemas.publishing.events import OfficerErased, PublicationAsked, PublicationEvent

ROLE: Final = "motcua_publisher"
"""Who writes these streams and tables, and nobody else."""


class Publisher(NamedTuple):
    """Who publishes, and what opens the names of people. Without a vault nobody can be named."""

    actor: Actor = SYSTEM
    vault: Vault | None = None


PLATFORM: Final = Publisher()
"""Whoever has the owner's password, and has not said who they are."""


class NoKeyError(Exception):
    """Somebody is named, and the master key is not at hand that their names are sealed with."""


class WaitsError(Exception):
    """What was to be published is recorded as asked for, as the `n`-th: it waits until another operator approves it."""

    def __init__(self, n: int) -> None:
        super().__init__(f"{n} waits until another operator approves it")
        self.n = n


class Publishing:
    """What is published in one transaction, at one moment that comes after all that was published before."""

    def __init__(self, connection: Connection, by: Publisher, at: datetime, *, by_two: bool) -> None:
        self.connection = connection
        self.by = by
        self.at = at
        self.asked: int | None = None
        self._by_two = by_two

    async def publish(self, events: Sequence[PublicationEvent]) -> None:
        """Record these events and let the tables follow, once in the transaction.

        Where a second operator must approve them, only record that they are `asked` for, under this number.

        Raises `NoKeyError`, and `RefusalError` for who is no operator where one must ask.
        """
        if not any(map(always_needs_two, events)) and not (self._by_two and await self._need_two(events)):
            await self.record([Dated(event, self.at) for event in events])
            return
        if (wrong := await no_operator(self.connection, self.by.actor)) is not None:
            raise refused(RefusalCode.NOT_ALLOWED, wrong)
        n = self.asked = await self.connection.fetchval(_NEXT)
        personal = tuple(_fields(event, personal=True) for event in events)
        public = tuple(canonical(_fields(event, personal=False)).decode() for event in events)
        asked = PublicationAsked(asked=n, events=public, personal=personal if any(personal) else None)
        await self.record([Dated(asked, self.at)])

    async def record(self, said: Iterable[Dated], actor: Actor | None = None) -> None:
        """Record events that each have a moment of their own, of who publishes or of this actor."""
        by_place: dict[Place, list[Dated]] = defaultdict(list)
        for dated in said:
            by_place[place_of(dated.event)].append(dated)
        if not by_place:
            return
        keys = await self._keys(by_place)
        await append(self.connection, by_place, keys, Command(str(uuid4()), actor or self.by.actor))
        events = [*chain.from_iterable(by_place.values())]
        await tables.write(self.connection, (change for dated in events for change in changes(*dated)))
        for event, _ in events:
            if isinstance(event, OfficerErased):
                await self._forget(event)

    async def _keys(self, by_place: Mapping[Place, list[Dated]]) -> dict[str, FilingKey]:
        naming = [place for place, events in by_place.items() if any(is_personal(dated.event) for dated in events)]
        if naming and self.by.vault is None:
            raise NoKeyError("set MOTCUA_MASTER_KEY: names are sealed with it")
        return await keys_of(self.connection, self.by.vault, naming) if self.by.vault else {}

    async def _forget(self, erased: OfficerErased) -> None:
        """Delete the keys by which the name can be opened, as the owner of the tables."""
        await self.connection.execute("set local role none")
        await forget(self.connection, place_of(erased).stream, erased)
        await self.connection.execute(f"set local role {ROLE}")

    async def _need_two(self, events: Sequence[PublicationEvent]) -> bool:
        there = {table: await tables.read(self.connection, table) for table in (AGENCY, OFFICER)}
        return any(needs_two(event, changes(event, self.at), there) for event in events)


def _fields(event: PublicationEvent, *, personal: bool) -> dict[str, Any]:
    """Those that are sealed, or those that are not."""
    hidden = fields_marked(type(event), Personal)
    fields = event.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in fields.items() if (name in hidden) is personal}


@asynccontextmanager
async def publishing(database: Database, by: Publisher = PLATFORM) -> AsyncIterator[Publishing]:
    """Publish, one after the other, under the role that may. What stood there before is taken over first, if it can be.

    Raises `WaitsError` once it is recorded that another must approve it, `RefusalError` if an operator is named whom
    the directory does not have, and what asyncpg raises.
    """
    async with connected(database) as connection, connection.transaction():
        await connection.execute(f"set local role {ROLE}")
        at, taken_over, by_two = known(await connection.fetchrow(_HOLD))
        now = Publishing(connection, by, at, by_two=by_two)
        if by.actor != SYSTEM and (wrong := await no_operator(connection, by.actor)) is not None:
            raise refused(RefusalCode.NOT_ALLOWED, wrong)
        if not taken_over and by.vault is not None:
            await now.record(await untaken(connection, at), SYSTEM)
            await connection.execute(_TAKEN_OVER)
        yield now
        await connection.execute("set local role none")
    if now.asked is not None:
        raise WaitsError(now.asked)


async def take_over(database: Database, by: Publisher) -> bool:
    """Record what stood in the tables before they were recorded. Whether there was something to take over."""
    async with connected(database) as connection:
        if await connection.fetchval("select taken_over from publication_state"):
            return False
        async with publishing(connection, by):
            return True


_HOLD: Final = """
update publication_state set at = greatest(clock_timestamp(), at + interval '1 microsecond')
returning at, taken_over, by_two
"""
_TAKEN_OVER: Final = "update publication_state set taken_over = true"
_NEXT: Final = "select count(*) + 1 from stream where filing_id is null and starts_with(stream, 'publication:asked:')"
