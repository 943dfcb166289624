"""Keys: one for each filing, wrapped by the master key. Erasing a filing's key erases the person, not the proof."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from views.log import Connection, SealBrokenError

_NONCE: Final = 12
_CACHED_KEYS: Final = 10_000


@dataclass(frozen=True)
class FilingKey:
    """The key of one filing, unwrapped."""

    key_id: str
    secret: bytes

    def seal(self, data: bytes, context: str) -> bytes:
        """Nonce and AES-256-GCM ciphertext of `data`, bound to `context`."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.secret).encrypt(nonce, data, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """What was sealed under the same `context`. Raises `SealBrokenError`."""
        try:
            return AESGCM(self.secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except InvalidTag:
            raise SealBrokenError from None

    def pseudonym(self, subject: str) -> str:
        """A name for `subject` that means nothing outside this filing."""
        return "p-" + hmac.new(self.secret, subject.encode(), hashlib.sha256).hexdigest()[:32]


class Vault:
    """Makes and finds the keys of filings."""

    def __init__(self, master: bytes) -> None:
        self._master = FilingKey("master", master)
        self._master_id = "m-" + hashlib.sha256(b"motcua master key\n" + master).hexdigest()[:16]
        self._known: OrderedDict[UUID, FilingKey] = OrderedDict()

    def person(self, id_number: str) -> bytes:
        """What tells the filings of one person from others', and without the master key tells nothing."""
        return hmac.new(self._master.secret, f"person\n{id_number}".encode(), hashlib.sha256).digest()

    async def opens(self, connection: Connection) -> bool:
        """Whether the master key is the one that the keys of the record were wrapped with."""
        found = await connection.fetchval("select key_id from filing_key limit 1")
        return found is None or found.startswith(f"{self._master_id}:")

    def unwrap(self, key_id: str, wrapped: bytes) -> FilingKey:
        """A filing's key as the record keeps it, unwrapped. `SealBrokenError`: another master key wrapped it."""
        return FilingKey(key_id, self._master.unseal(wrapped, key_id))

    def known(self, filing: UUID) -> FilingKey | None:
        """The key of a filing, if it is remembered."""
        key = self._known.get(filing)
        if key is not None:
            self._known.move_to_end(filing)
        return key

    def remember(self, filing: UUID, key: FilingKey) -> None:
        """Keep at hand a key that the record holds: one just made only once that is committed."""
        self._known[filing] = key
        self._known.move_to_end(filing)
        if len(self._known) > _CACHED_KEYS:
            self._known.popitem(last=False)

    def new(self, filing: UUID) -> tuple[FilingKey, bytes]:
        """A key for a filing, and the same wrapped."""
        key = FilingKey(f"{self._master_id}:{filing}", os.urandom(32))
        return key, self._master.seal(key.secret, key.key_id)

    async def learn(self, connection: Connection, filings: Collection[UUID]) -> None:
        """Look for the keys of many filings at once, so that `find` has them. What can't be unwrapped is left to it."""
        unknown = [filing for filing in filings if filing not in self._known]
        for row in await connection.fetch(_KEYS, unknown) if unknown else ():
            with suppress(SealBrokenError):
                self.remember(row["filing_id"], self.unwrap(row["key_id"], row["wrapped"]))

    async def find(self, connection: Connection, filing: UUID) -> FilingKey | None:
        """The key of a filing; None if there is none. Raises `SealBrokenError`."""
        key = self.known(filing)
        if key is None:
            row = await connection.fetchrow("select key_id, wrapped from filing_key where filing_id = $1", filing)
            if row is None:
                return None
            key = self.unwrap(row["key_id"], row["wrapped"])
            self.remember(filing, key)
        return key

    async def key(self, connection: Connection, filing: UUID, agency: str) -> FilingKey:
        """The key of a filing, made in the caller's transaction if there is none.

        Raises `LookupError` if somebody takes it away at this moment.
        """
        found = await self.find(connection, filing)
        if found is not None:
            return found
        key, wrapped = self.new(filing)
        if await connection.fetchval(_MAKE, filing, agency, key.key_id, wrapped):
            return key
        return await self.others(connection, filing)

    async def others(self, connection: Connection, filing: UUID) -> FilingKey:
        """The key of a filing that others are making, or have made. Raises `LookupError` if they took it away again."""
        found = await self.find(connection, filing)
        if found is None:
            msg = "the filing's key has just been taken away"
            raise LookupError(msg)
        return found


_KEYS: Final = "select filing_id, key_id, wrapped from filing_key where filing_id = any($1)"
_MAKE: Final = """
insert into filing_key (filing_id, agency, key_id, wrapped) values ($1, $2, $3, $4)
on conflict (filing_id) do nothing returning true
"""
