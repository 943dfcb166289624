"""Persons who have signed out everywhere: rows that every door reads with each request of a person."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import IndexKeyGoneError, Vault
from gateway.door.identity.tokens import Logout


@dataclass(frozen=True)
class SignedOutPersons:
    """The last logout of each person, by a digest that is untraceable without the index key."""

    pool: Pool
    vault: Vault

    async def since(self, issuer: str, sub: str, by: "Connection | None" = None) -> int | None:
        """Returns the time of a person's last logout, in seconds since 1970; None without one.

        `by`: the connection to read by; if None, one is taken from the pool.
        """
        async with acquired(self.pool) if by is None else nullcontext(by) as connection:
            try:
                person = await self.vault.account(connection, issuer, sub)
            except IndexKeyGoneError:
                return None  # nobody could have been noted
            since: int | None = await connection.fetchval(_SINCE, person)
        return since

    async def note(self, logout: Logout) -> None:
        """Records a logout; repeating it changes nothing. Raises `IndexKeyGoneError` before the first filing."""
        async with acquired(self.pool) as connection:
            person = await self.vault.account(connection, logout.issuer, logout.sub)
            await connection.execute(_NOTE, person, logout.at)


_SINCE: Final = "select extract(epoch from max(at))::bigint from signed_out where person = $1"
_NOTE: Final = "insert into signed_out (person, at) values ($1, to_timestamp($2)) on conflict do nothing"
