"""A publishing transaction: it writes events to the log, and the rows that follow from them to the tables."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple, TypeVar
from uuid import uuid4

from activities.ledger.vault import FilingKey, Vault
from console.database import Connection, Database, connected
from console.operators import see_role
from console.speaking import via_of
from publishing.record import tables
from publishing.record.by_two import needs_two
from publishing.record.log import UNSIGNED, Dated, append, forget, is_personal, keys_of
from publishing.record.publications import AGENCY, OFFICER, Persons, Place, changes, place_of
from publishing.record.tables import untaken
from rules.require import require
from schemas.base import Personal, fields_marked
from schemas.ids import canonical
from schemas.people import SYSTEM, Actor, OfficerCommand
from schemas.publishing.commands import AskPublication
from schemas.publishing.events import OfficerEntered, OfficerErased, PublicationAsked, PublicationEvent

C = TypeVar("C", bound=OfficerCommand)
ROLE: Final = "motcua_publisher"
"""The only database role that may write these streams and tables."""


class Publisher(NamedTuple):
    """The actor who publishes, and the vault that encrypts names; without a vault, no event may name a person.

    `sign` returns an act with the statement of the actor's program.
    """

    actor: Actor = SYSTEM
    vault: Vault | None = None
    sign: Callable[[Any], Any] = lambda act: act

    def act(self, kind: type[C], **fields: Any) -> C:
        """Returns an act of the actor, signed."""
        signed: C = self.sign(kind.model_validate({"command_id": uuid4().hex, "actor": self.actor} | fields))
        return signed


PLATFORM: Final = Publisher()
"""The publisher if no actor is given: the owner of the database."""


class NoKeyError(Exception):
    """An event names a person, but there is no master key to encrypt the name."""


class WaitsError(Exception):
    """The publication is only recorded, as request number `n`, until another operator approves this request."""

    def __init__(self, n: int) -> None:
        super().__init__(f"{n} waits until another operator approves it")
        self.n = n


class Publishing:
    """One publishing transaction, whose events all have the same time, later than any earlier publication."""

    def __init__(self, connection: Connection, by: Publisher, at: datetime, *, by_two: bool) -> None:
        self.connection = connection
        self.by = by
        self.at = at
        self.request_number: int | None = None
        self._by_two = by_two

    async def publish(self, events: Sequence[PublicationEvent]) -> None:
        """Records these events and updates the tables; at most once in a transaction.

        If a second operator must approve them, records only a request, numbered `request_number`. An officer's
        erasure always needs approval, since an erasure can't be undone. Raises `NoKeyError`, and `RefusalError` for a
        request by an actor that is no operator.
        """
        erases = any(isinstance(one, OfficerErased) for one in events)
        if not erases and not (self._by_two and await self._need_two(events)):
            await self.record([Dated(event, self.at) for event in events])
            return
        await see_role(self.connection, self.by.actor)
        n = self.request_number = await self.connection.fetchval(_NEXT)
        personal = tuple(_fields(event, personal=True) for event in events)
        public = tuple(canonical(_fields(event, personal=False)).decode() for event in events)
        asked = PublicationAsked(asked=n, events=public, personal=personal if any(personal) else None)
        via = await via_of(self.connection, self.by.act(AskPublication, events=public))
        await self.record([Dated(asked, self.at)], via=via)

    async def record(self, said: Iterable[Dated], actor: Actor | None = None, via: str | None = None) -> None:
        """Records events, each with its own time, in the name of `actor`, by default the publisher.

        `via` names the program that signed the act; None if no program did.
        """
        by_place: dict[Place, list[Dated]] = defaultdict(list)
        for dated in said:
            by_place[place_of(dated.event)].append(dated)
        if not by_place:
            return
        keys = await self._keys(by_place)
        await append(self.connection, by_place, keys, actor or self.by.actor, via or UNSIGNED)
        events = [*chain.from_iterable(by_place.values())]
        person = await self.persons(event for event, _ in events)
        made = (change for dated in events for change in changes(*dated, person=person))
        await tables.write(self.connection, made)
        for event, _ in events:
            if isinstance(event, OfficerErased):
                # the owner of the tables deletes the keys that decrypt the officer's name
                await self.connection.execute("set local role none")
                await forget(self.connection, place_of(event).stream, event)
                await self.connection.execute(f"set local role {ROLE}")

    async def _keys(self, by_place: Mapping[Place, list[Dated]]) -> dict[str, FilingKey]:
        naming = [place for place, events in by_place.items() if any(is_personal(dated.event) for dated in events)]
        if naming and self.by.vault is None:
            raise NoKeyError("set MOTCUA_MASTER_KEY: names are sealed with it")
        return await keys_of(self.connection, self.by.vault, naming) if self.by.vault else {}

    async def _need_two(self, events: Sequence[PublicationEvent]) -> bool:
        there = {table: await tables.read(self.connection, table) for table in (AGENCY, OFFICER)}
        person = await self.persons(events)
        return any(needs_two(event, changes(event, self.at, person=person), there) for event in events)

    async def persons(self, events: Iterable[PublicationEvent]) -> Persons | None:
        """Returns the index of persons by their citizen number; None if no event has such a number, or no vault."""
        numbered = any(isinstance(one, OfficerEntered) and one.id_number is not None for one in events)
        return await self.by.vault.persons(self.connection, first=True) if numbered and self.by.vault else None


def _fields(event: PublicationEvent, *, personal: bool) -> dict[str, Any]:
    hidden = fields_marked(type(event), Personal)
    fields = event.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in fields.items() if (name in hidden) is personal}


@asynccontextmanager
async def publishing(database: Database, by: Publisher = PLATFORM) -> AsyncIterator[Publishing]:
    """Opens a publishing transaction under the database role `ROLE`; only one is open at a time.

    With a vault, rows older than the log are first recorded in the log. Raises `WaitsError` after recording a request
    that another operator must approve, `RefusalError` if the named operator is not in the directory, and asyncpg's
    errors.
    """
    async with connected(database) as connection, connection.transaction():
        await connection.execute(f"set local role {ROLE}")
        at, taken_over, by_two = require(await connection.fetchrow(_HOLD))
        now = Publishing(connection, by, at, by_two=by_two)
        if by.actor != SYSTEM:
            await see_role(connection, by.actor)
        if not taken_over and by.vault is not None:
            await now.record(await untaken(connection, at), SYSTEM)
            await connection.execute("update publication_state set taken_over = true")
        yield now
        await connection.execute("set local role none")
    if now.request_number is not None:
        raise WaitsError(now.request_number)


async def take_over(database: Database, by: Publisher) -> bool:
    """Records in the log the rows that are older than the log. Returns False if they were recorded before."""
    async with connected(database) as connection:
        if await connection.fetchval("select taken_over from publication_state"):
            return False
        async with publishing(connection, by):
            return True


_HOLD: Final = """
update publication_state set at = greatest(clock_timestamp(), at + interval '1 microsecond')
returning at, taken_over, by_two
"""
_NEXT: Final = "select count(*) + 1 from stream where filing_id is null and starts_with(stream, 'publication:asked:')"
