"""The signed statements of questions, each usable only once before it expires; and the deletion of expired rows."""

from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

from rules.identity.grants import not_authorised
from rules.identity.statements import LEEWAY
from views.log import Connection


class Use(NamedTuple):
    """The use of a signed statement by a look. `one`: the digest of the signed text.

    The digest leaves the signature out, since one signature can be encoded in several ways.
    """

    one: bytes
    look: UUID
    until: datetime

    @property
    def sql(self) -> str:
        """The SQL that records the use, without parameters, so that it can be sent with the start of a transaction."""
        return _USE.format(one=self.one.hex(), look=self.look, until=self.until.isoformat())


def use_of(signed: str, expires: datetime, look: UUID) -> Use:
    """Returns the `Use` of a signed statement by the look with this id. The statement expires at `expires`."""
    return Use(sha256(signed.rpartition(".")[0].encode()).digest(), look, expires + LEEWAY)


async def expect_first(connection: Connection, use: Use, status: str) -> None:
    """Raises `RefusalError` if another look used the statement before. `status`: PostgreSQL's answer to `Use.sql`."""
    if status == _KNOWN and await connection.fetchval(_LOOK, use.one) != use.look:
        raise not_authorised("statement_used")


async def forget(connection: Connection) -> int:
    """Deletes expired statements and drafts, and logouts older than any valid token; returns their number.

    Deletes at most 5,000 of each. A logout need not be kept longer, since a message is refused if its human
    authenticated more than a day before the message.
    """
    expired = [await connection.fetch(delete) for delete in (_FORGET, _FORGET_LOGOUTS, _FORGET_DRAFTS)]
    return sum(map(len, expired))


_USE: Final = """
insert into question_statement (signed, look, until) values ('\\x{one}', '{look}', '{until}') on conflict do nothing
"""
_KNOWN: Final = "INSERT 0 0"
_LOOK: Final = "select look from question_statement where signed = $1"
_FORGET: Final = """
delete from question_statement where signed in (
    select signed from question_statement where until < clock_timestamp() limit 5000
) returning 1
"""
_FORGET_LOGOUTS: Final = """
delete from signed_out where (person, at) in (
    select person, at from signed_out where at < clock_timestamp() - interval '2 days' limit 5000
) returning 1
"""
_FORGET_DRAFTS: Final = """
delete from draft where (owner, id) in (
    select owner, id from draft where expires_at < clock_timestamp() limit 5000
) returning 1
"""
