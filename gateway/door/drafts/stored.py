"""The rows of drafts: each is sealed by a key of its own, and shown by PostgreSQL to its owner's transactions alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic_core import from_json, to_json

from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import IndexKeyGoneError, Vault
from gateway.door.refusals import HttpError
from gateway.problems import HttpCode
from rules.require import require
from schemas.base import Instant, Model, StrictModel
from schemas.errors import NOT_FOUND, RefusalCode, RefusalError, problem, refused
from schemas.publishing.procedure import ProcedureCode
from views.standby import waits_uncut

MOST: Final = 20
"""The maximum number of drafts that a person has through one program."""


class Unfinished(StrictModel):
    """An unfinished submission. Nothing in `content` is checked."""

    procedure: ProcedureCode | None = None
    """code of the procedure, which the list of drafts shows; not set: not chosen yet"""
    content: dict[str, Any]
    """what the person has filled in so far"""


class SavedDraft(Model):
    """A draft without its content."""

    id: UUID
    """id of the draft, which becomes the `submission_id`"""
    procedure: ProcedureCode | None = None
    """code of the procedure; not set: not chosen yet"""
    saved_at: Instant
    """time of the last save"""
    expires_at: Instant
    """time at which it is deleted, unless it is saved again before"""


class WholeDraft(SavedDraft):
    """A draft with its content."""

    content: dict[str, Any]
    """what the person has filled in so far, as it was saved"""


class DraftList(Model):
    """All drafts that a person has through this program."""

    drafts: tuple[SavedDraft, ...]
    """the drafts, the last saved first"""


class Person(NamedTuple):
    """The owner of drafts: the short name of an issuer of tokens, a program, and the subject of a person there."""

    issuer: str
    program: str
    subject: str


class Numbered(NamedTuple):
    """A draft, the number of its save, and whether this save created the draft."""

    draft: SavedDraft
    version: int
    is_new: bool = False


class Stored:
    """Stores drafts of persons. A draft of another owner is treated as one that does not exist.

    `days`: the days for which a draft is kept after its last save. All methods raise `ApplicationError` if the record,
    or the manager of its keys, can't be reached.
    """

    def __init__(self, pool: Pool, vault: Vault, days: int) -> None:
        self._pool = pool
        self._vault = vault
        self._days = days

    async def save(self, person: Person, draft_id: UUID, unfinished: Unfinished, only_at: int | None) -> Numbered:
        """Stores a draft in place of the one with its id. `only_at`: the number that the stored draft must have.

        Raises `RefusalError` if that draft has another number, or if the person has `MOST` other drafts. Raises
        `HttpError` if the record names no person yet: then the record has no key to compute an owner's name from.
        """
        async with self._of(person) as (connection, owner):
            if not owner:
                raise HttpError(HttpCode.UNAVAILABLE)
            key, wrapped = await self._vault.new(draft_id)
            await connection.execute(_ONE_AT_A_TIME, owner)
            held = {row["id"]: row["version"] for row in await connection.fetch(_HELD, owner)}
            if only_at is not None and held.get(draft_id) != only_at:
                raise refused(RefusalCode.CHANGED_MEANWHILE, problem("only_at", "draft_changed"))
            if draft_id not in held and len(held) >= MOST:
                raise refused(RefusalCode.NOT_ALLOWED, problem("", "too_many_drafts", most=MOST))
            sealed = key.seal(to_json(unfinished.content), _context(owner, draft_id))
            about = (unfinished.procedure, sealed, key.key_id, wrapped.data, wrapped.by, self._days)
            row = require(await connection.fetchrow(_SAVE, owner, draft_id, *about))
        return Numbered(SavedDraft.model_validate(dict(row)), row["version"], draft_id not in held)

    async def listed(self, person: Person) -> DraftList:
        """Returns the person's drafts, the last saved first."""
        async with self._of(person) as (connection, owner):
            rows = await connection.fetch(_LIST, owner)
        return DraftList(drafts=tuple(SavedDraft.model_validate(dict(row)) for row in rows))

    async def one(self, person: Person, draft_id: UUID) -> Numbered:
        """Returns a draft with its content. Raises `RefusalError` (`not_found`) for any other id."""
        async with self._of(person) as (connection, owner):
            row = await connection.fetchrow(_ONE, owner, draft_id)
            if row is None:
                raise RefusalError(NOT_FOUND)
            key = await self._vault.unwrap(row)
        content = from_json(key.unseal(row["sealed"], _context(owner, draft_id)))
        return Numbered(WholeDraft.model_validate({**row, "content": content}), row["version"])

    async def delete(self, person: Person, draft_id: UUID) -> None:
        """Deletes a draft and its key; does nothing if there is none."""
        async with self._of(person) as (connection, owner):
            await connection.execute(_DELETE, owner, draft_id)

    @asynccontextmanager
    async def _of(self, person: Person) -> AsyncIterator[tuple[Connection, str]]:
        """Opens a transaction that sees only this person's drafts. Yields its connection, and the owner's name.

        While the record names no person, the name is empty, and the transaction sees no drafts.
        """
        async with acquired(self._pool) as connection, waits_uncut(connection), connection.transaction():
            try:
                owner = await self._vault.owner(connection, *person)
            except IndexKeyGoneError:
                owner = ""
            await connection.execute(_ONLY_OF, owner)
            yield connection, owner


def _context(owner: str, draft_id: UUID) -> str:
    return f"draft\n{owner}\n{draft_id}"


_ONLY_OF: Final = "select set_config('motcua.drafts_of', $1, true)"
_ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
_HELD: Final = "select id, version from draft where owner = $1 and expires_at > clock_timestamp()"
_SAVE: Final = """
insert into draft as before
    (owner, id, procedure, version, sealed, key_id, wrapped, wrapped_by, expires_at)
values ($1, $2, $3, 1 + random() * 500000000, $4, $5, $6, $7, clock_timestamp() + make_interval(days => $8))
on conflict (owner, id) do update set (procedure, version, sealed, key_id, wrapped, wrapped_by, saved_at, expires_at) =
    (excluded.procedure, before.version + 1, excluded.sealed, excluded.key_id, excluded.wrapped, excluded.wrapped_by,
        excluded.saved_at, excluded.expires_at)
returning id, procedure, version, saved_at, expires_at
"""
_LIST: Final = """
select id, procedure, saved_at, expires_at from draft
where owner = $1 and expires_at > clock_timestamp() order by saved_at desc, id
"""
_ONE: Final = "select * from draft where owner = $1 and id = $2 and expires_at > clock_timestamp()"
_DELETE: Final = "delete from draft where owner = $1 and id = $2"
