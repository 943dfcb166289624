"""Keys: one for each filing, wrapped by the master key. Deleting a key erases the person's data, but not the proof."""

import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg

from activities.keys.master_key import KEY_BYTES, MasterKey, Wrapped, seal, unseal
from activities.keys.masters import MasterKeys
from schemas.people import Role
from views.log import Connection, SealBrokenError

Row: TypeAlias = "Mapping[str, Any] | asyncpg.Record"

_CACHED_KEYS: Final = 10_000
_INDEX: Final = "index"
"""The id of the index key."""


@dataclass(frozen=True)
class FilingKey:
    """The key of one filing, unwrapped."""

    key_id: str
    secret: bytes

    def seal(self, data: bytes, context: str) -> bytes:
        """Returns a nonce and the AES-256-GCM ciphertext of `data`, bound to `context`."""
        return seal(self.secret, data, context)

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Opens data that was sealed under the same `context`. Raises `SealBrokenError`."""
        return unseal(self.secret, sealed, context)

    def pseudonym(self, subject: str) -> str:
        """Returns a name for `subject` that nobody can connect with a name in another filing."""
        return "p-" + hmac.new(self.secret, subject.encode(), hashlib.sha256).hexdigest()[:32]

    def digest(self, text: str) -> str:
        """Returns a keyed digest of a text: nobody without the key can test guesses at the text."""
        return hmac.new(self.secret, f"text\n{text}".encode(), hashlib.sha256).hexdigest()

    def salt(self, of: str) -> str:
        """Returns a salt for a paper of this filing: without the key, nobody can test guesses at the paper's text."""
        return hmac.new(self.secret, f"paper\n{of}".encode(), hashlib.sha256).hexdigest()[:32]


class KeyGoneError(LookupError):
    """A filing's key is not in the record: it was deleted, or the filing was never submitted here."""


class IndexKeyGoneError(LookupError):
    """The key that identifies people is not in the record: no person was recorded yet, or the key was deleted."""


class Vault:
    """Makes and finds the keys of filings. Methods that use the master key raise `KeysUnavailableError` as well."""

    def __init__(self, masters: MasterKeys) -> None:
        self._masters = masters
        self._known: OrderedDict[UUID, FilingKey] = OrderedDict()
        self._index: bytes | None = None

    async def person(self, connection: Connection, id_number: str, *, first: bool = False) -> bytes:
        """Returns the index of the person with this number, like `persons`."""
        return (await self.persons(connection, first=first))(id_number)

    async def persons(self, connection: Connection, *, first: bool = False) -> Callable[[str], bytes]:
        """Returns the function from a citizen or enterprise number to the index of the person.

        The index is the same for all filings of one person, and for all accounts of one officer; it is untraceable
        without the index key. With `first`, if no person is recorded yet, makes a missing index key in the caller's
        transaction. Raises `IndexKeyGoneError` if the key is missing otherwise, and `SealBrokenError`.
        """
        key = await self._index_secret(connection, first=first)
        return lambda id_number: hmac.new(key, f"person\n{id_number}".encode(), hashlib.sha256).digest()

    async def readers(self, connection: Connection) -> Callable[[Role, str, str], str]:
        """Returns the function from a role, a program and a subject to the name of that person as a filing's reader.

        The program must be the one that submitted the filing: other programs may give their subjects to other people.
        The name is untraceable without the index key. Raises the errors of `persons`.
        """
        key = await self._index_secret(connection)

        def name(role: Role, filer: str, subject: str) -> str:
            who = f"reader\n{role}\n{filer}\n{subject}"
            return f"{role}:{hmac.new(key, who.encode(), hashlib.sha256).hexdigest()}"

        return name

    async def account(self, connection: Connection, issuer: str, sub: str) -> bytes:
        """Returns the index of an account at an issuer of access tokens. Raises the errors of `persons`."""
        key = await self._index_secret(connection)
        return hmac.new(key, f"account\n{issuer}\n{sub}".encode(), hashlib.sha256).digest()

    async def owner(self, connection: Connection, issuer: str, program: str, sub: str) -> str:
        """Returns a draft owner's untraceable id, made from account and program. Raises the errors of `persons`."""
        key = await self._index_secret(connection)
        return hmac.new(key, f"owner\n{issuer}\n{program}\n{sub}".encode(), hashlib.sha256).hexdigest()

    async def _index_secret(self, connection: Connection, *, first: bool = False) -> bytes:
        secret = self._index or await self._index_key(connection)
        if secret is None and first and not await connection.fetchval(_ANYBODY):
            secret = await self.begin(connection)
        if secret is None:
            raise IndexKeyGoneError("the index key is gone: motcua ledger rebuild makes another")
        return secret

    async def begin(self, connection: Connection) -> bytes:
        """Returns the key that identifies people; makes that key if it is missing. Raises `SealBrokenError`."""
        secret = await self._index_key(connection) or os.urandom(KEY_BYTES)
        [wrapped] = await self._masters.current.wrap({_INDEX: secret})
        if await connection.fetchval(_MAKE_INDEX, wrapped.key_id, wrapped.data, wrapped.by):
            return secret
        return await self._index_key(connection) or await self.begin(connection)

    async def opens(self, connection: Connection) -> bool:
        """Returns whether these master keys can open the record's keys; tests only the first and the last key.

        That is enough: a change of the master key rewraps the filings' keys in order, and then the index key.
        """
        return all(self._masters.know(row["wrapped_by"]) for row in await connection.fetch(_ENDS))

    async def open_any(self, connection: Connection) -> None:
        """Opens a key of the record, if the record has any. Raises `SealBrokenError`."""
        if row := await connection.fetchrow(_ANY):
            await self.unwrap(row)

    async def unwrap(self, row: Row) -> FilingKey:
        """Returns the key in a row with the columns that `KEY` lists. Raises `SealBrokenError`."""
        [secret] = await self._masters.unwrap([_wrapped(row)])
        if secret is None:
            raise SealBrokenError
        return FilingKey(row["key_id"], secret)

    def known(self, filing: UUID) -> FilingKey | None:
        """Returns the key of a filing if it is in the cache, else None."""
        key = self._known.get(filing)
        if key is not None:
            self._known.move_to_end(filing)
        return key

    def remember(self, filing: UUID, key: FilingKey) -> None:
        """Puts a recorded key in the cache. A new key may be cached only after its commit."""
        self._known[filing] = key
        self._known.move_to_end(filing)
        if len(self._known) > _CACHED_KEYS:
            self._known.popitem(last=False)

    async def new(self, filing: UUID) -> tuple[FilingKey, Wrapped]:
        """Returns a new key for a filing, together with its wrapped form."""
        key = FilingKey(f"{self._masters.current.name}:{filing}", os.urandom(KEY_BYTES))
        [wrapped] = await self._masters.current.wrap({key.key_id: key.secret})
        return key, wrapped

    async def learn(self, connection: Connection, filings: Collection[UUID]) -> None:
        """Caches the keys of many filings. Skips the keys that can't be unwrapped, which `find` reports."""
        unknown = [filing for filing in filings if filing not in self._known]
        rows = await connection.fetch(_KEYS, unknown) if unknown else []
        secrets = await self._masters.unwrap([_wrapped(row) for row in rows])
        for row, secret in zip(rows, secrets, strict=True):
            if secret is not None:
                self.remember(row["filing_id"], FilingKey(row["key_id"], secret))

    async def find(self, connection: Connection, filing: UUID) -> FilingKey | None:
        """Returns the key of a filing; None if there is none. Raises `SealBrokenError`."""
        key = self.known(filing)
        if key is None:
            row = await connection.fetchrow(KEY, filing)
            if row is None:
                return None
            key = await self.unwrap(row)
            self.remember(filing, key)
        return key

    async def key(self, connection: Connection, filing: UUID, agency: str, *, first: bool = False) -> FilingKey:
        """Returns the key of a filing. If the key is missing, makes one if `first`, else raises `KeyGoneError`."""
        found = await self.find(connection, filing)
        if found is not None:
            return found
        if not first:
            raise KeyGoneError("the filing's key is gone")
        key, wrapped = await self.new(filing)
        if await self.store(connection, filing, agency, key, wrapped):
            return key
        return await self.key(connection, filing, agency)  # another transaction has made it just now

    async def store(self, connection: Connection, filing: UUID, agency: str, key: FilingKey, wrapped: Wrapped) -> bool:
        """Stores a new key of a filing, in the caller's transaction. Returns False if the filing has a key already."""
        return bool(await connection.fetchval(_MAKE, filing, agency, key.key_id, wrapped.data, wrapped.by))

    async def _index_key(self, connection: Connection) -> bytes | None:
        """Returns the index key; in an old record, the master key that served as index key; None if neither exists."""
        secret = None
        if (row := await connection.fetchrow(_INDEX_KEY)) is not None:
            secret = (await self.unwrap(row)).secret
        elif (before := await connection.fetchval(_MASTER_BEFORE)) is not None:
            known = (one.secret for one in self._masters if isinstance(one, MasterKey) and one.has_wrapped(before))
            if (secret := next(known, None)) is None:
                raise SealBrokenError
        self._index = secret
        return secret


def _wrapped(row: Row) -> Wrapped:
    return Wrapped(row["key_id"], row["wrapped"], row["wrapped_by"])


WRAPPED_BY: Final = "coalesce(wrapped_by, split_part(key_id, ':', 1))"
"""SQL: the name of the master key that wrapped a filing's key."""
KEY: Final = f"select key_id, wrapped, {WRAPPED_BY} as wrapped_by from filing_key where filing_id = $1"  # noqa: S608 -- names of ours
_KEYS: Final = f"""
select filing_id, key_id, wrapped, {WRAPPED_BY} as wrapped_by from filing_key where filing_id = any($1)
"""  # noqa: S608 -- names of ours
_MAKE: Final = """
insert into filing_key (filing_id, agency, key_id, wrapped, wrapped_by) values ($1, $2, $3, $4, $5)
on conflict (filing_id) do nothing returning true
"""
_ANY: Final = f"select key_id, wrapped, {WRAPPED_BY} as wrapped_by from filing_key order by filing_id limit 1"  # noqa: S608 -- names of ours
_INDEX_KEY: Final = "select key_id, wrapped, wrapped_by from index_key"
_MAKE_INDEX: Final = """
insert into index_key (key_id, wrapped, wrapped_by) values ($1, $2, $3) on conflict (one) do nothing returning true
"""
_ANYBODY: Final = """
select exists (select from filing where person is not null) or exists (select from officer where person is not null)
"""
_MASTER_BEFORE: Final = "select split_part(key_id, ':', 1) from filing_key where wrapped_by is null limit 1"
_ENDS: Final = f"""
select wrapped_by from index_key
union all (select {WRAPPED_BY} from filing_key order by filing_id limit 1)
union all (select {WRAPPED_BY} from filing_key order by filing_id desc limit 1)
"""  # noqa: S608 -- names of ours
