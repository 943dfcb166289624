"""Messages that the door received while Temporal was away: evidence of their receipt, and undelivered messages.

Anybody with access to Temporal can send a message; only the door stores one in the table `received`. So an append takes
a moment of receipt from a statement only if a row has the same stream, content and moment.
"""

from typing import Final

from activities.ledger.database import Connection
from schemas.errors import Problem, problem
from schemas.identity.statement import received_at, signed
from schemas.ids import RING
from schemas.stream.ledger import Batch


async def unborne(connection: Connection, batch: Batch, statement: str | None) -> list[Problem]:
    """Returns a problem if the statement names a moment of receipt that no stored message confirms."""
    moment = received_at(statement)
    if statement is None or moment is None:
        return []
    content = signed(statement).statement.content
    known = batch.at == moment and await connection.fetchval(_KNOWN, batch.stream, content, moment)
    return [] if known else [problem("statement", "moment_not_received")]


async def is_awaited(connection: Connection, batch: Batch) -> bool:
    """Returns whether a timer caused the batch while an earlier message to its stream still waits for delivery."""
    rings = bool(batch.events) and batch.command_id.startswith(RING)
    return rings and bool(await connection.fetchval(_WAITS, batch.stream, batch.at))


_KNOWN: Final = "select exists (select from received where stream = $1 and content = $2 and received_at = $3)"
_WAITS: Final = "select exists (select from received where stream = $1 and done_at is null and received_at < $2)"
