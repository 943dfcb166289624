"""The signed statements of questions: each can be used only once before it expires; and the sweep of expired rows."""

from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from rules.identity.grants import unheard
from rules.identity.statements import LEEWAY
from views.log import Connection


async def use_once(connection: Connection, signed: str, expires: datetime, look: UUID) -> None:
    """Records that the look has used the statement. Raises `RefusalError` if another look used the statement before.

    The row's key is the digest of the signed text alone, since one signature can be encoded in several ways.
    """
    one = sha256(signed.rpartition(".")[0].encode()).digest()
    known_already = await connection.execute(_USE, one, look, expires + LEEWAY) == _KNOWN
    if known_already and await connection.fetchval(_LOOK, one) != look:
        raise unheard("statement_used")


async def forget(connection: Connection) -> int:
    """Deletes expired statements, and logouts older than any token that can count; returns how many.

    At most 5,000 of each. A message is refused if the human's authentication is a day older than it.
    """
    return len(await connection.fetch(_FORGET)) + len(await connection.fetch(_FORGET_LOGOUTS))


_USE: Final = "insert into question_statement (signed, look, until) values ($1, $2, $3) on conflict do nothing"
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
