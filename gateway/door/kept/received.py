"""Keeps applicants' messages while Temporal is away: each is stored, encrypted, before it is answered."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid5

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from activities.ledger.database import Connection, Pool, acquired
from activities.ledger.vault import KEY, FilingKey, Vault
from activities.support.failpoint import failpoint
from gateway.door.identity.tokens import Caller
from motcua.payloads.converter import as_sent
from schemas.base import Instant, Model
from schemas.complaint.state import OPENING, ComplaintStart
from schemas.errors import NOT_FOUND, OTHER_CONTENT, OTHER_SUBMISSION, Refusal, RefusalError
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.identity.statement import COMPLAIN, SUBMIT, message_digest
from schemas.ids import NAMESPACE, StreamId, complaint_workflow, filing_id, filing_workflow
from schemas.message_catalogue import COMMANDS
from schemas.people import Role
from schemas.stream.ledger import Receipt
from views.standby import confirmed, waits_uncut

Message: TypeAlias = Submission | ComplaintStart | Command

_SECONDS: Final = 6.0
"""The maximum seconds to wait for a database connection: in an outage many messages arrive at once."""
SIDE: Final = frozenset({Role.APPLICANT, Role.REPRESENTATIVE})
"""The applicant's side: its messages are kept."""
_MODELS: Final[Mapping[str, type[Message]]] = {
    SUBMIT: Submission,
    COMPLAIN: ComplaintStart,
    **{model.model_fields["kind"].default: model for models in COMMANDS.values() for model in models},
}


class Outcome(Model):
    """What became of a kept message: a receipt or a refusal; both None while it waits."""

    received_at: Instant
    """time at which the message came, from which it counts"""
    receipt: Receipt | None = None
    """receipt, once the message is delivered"""
    refusal: Refusal | None = None
    """refusal, once the message is refused"""


class Kept(Model):
    """A message that was kept. At `/v1/received/{id}` its sender later gets the receipt or the refusal."""

    id: UUID
    """id of the kept message"""
    received_at: Instant
    """time at which the message came, from which it counts"""


@dataclass(frozen=True)
class Waiting:
    """A kept message to deliver: its row's id and key, stream, sender, content, and the time of its receipt."""

    id: UUID
    stream: str
    caller: Caller
    message: Message
    received_at: datetime
    key: FilingKey


class Received:
    """Keeps messages, and returns their outcomes. `kept` is set after a message is stored."""

    def __init__(self, pool: Pool, vault: Vault, kept: asyncio.Event) -> None:
        self._pool = pool
        self._vault = vault
        self._kept = kept

    async def keep(self, caller: Caller, stream: str, message: Message, waited: timedelta) -> Kept:
        """Stores a message that was received `waited` ago. For a repeated message, returns the first answer again.

        The caller's token proves the message's actor. Raises `RefusalError` for other content under the same id, and
        `ApplicationError` if the record, or the manager of its keys, can't be reached: then nothing is kept.
        """
        act, command_id = _named(message)
        row_id = uuid5(NAMESPACE, f"received\n{stream}\n{command_id}")
        content = message_digest(as_sent(message))
        async with (
            acquired(self._pool, _SECONDS) as connection,
            waits_uncut(connection),
            connection.transaction(),
        ):
            first = await connection.fetchrow(_FIRST, row_id)
            if first is None:
                key, wrapped = await self._vault.new(row_id)
                sealed = key.seal(_written(caller, message), _context(row_id))
                about = (StreamId.parse(stream).filing, stream, act, caller.client, content, waited, sealed)
                if (first := await connection.fetchrow(_KEEP, row_id, *about)) is not None:
                    await self._vault.store(connection, row_id, "", key, wrapped)
                else:
                    first = await connection.fetchrow(_FIRST, row_id)
            else:
                await confirmed(connection)
        if first is None or (first["content"], first["principal"]) != (content, caller.client):
            raise RefusalError(OTHER_SUBMISSION if act == SUBMIT else OTHER_CONTENT)
        failpoint("received.kept")
        self._kept.set()
        return Kept(id=row_id, received_at=first["received_at"])

    async def outcome(self, caller: Caller, row_id: UUID) -> Outcome:
        """Returns the outcome of a message of this caller. Raises `RefusalError` (`not_found`) for any other id."""
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(_OF_SENDER, row_id, caller.client)
            key = None if row is None else await _key(connection, self._vault, row_id)
        if row is None or key is None:
            raise RefusalError(NOT_FOUND)
        sender, _ = opened(key, row_id, row["sealed"])
        if caller.actor is not None and (sender.actor is None or sender.actor.subject != caller.actor.subject):
            raise RefusalError(NOT_FOUND)
        if row["outcome"] is None:
            return Outcome(received_at=row["received_at"])
        return Outcome.model_validate_json(key.unseal(row["outcome"], _context(row_id, "outcome")))


async def waiting(connection: Connection, vault: Vault, row: Mapping[str, Any]) -> Waiting | None:
    """Returns the message of a row; None if the row's key is gone. Raises `SealBrokenError`."""
    key = await _key(connection, vault, row["id"])
    if key is None:
        return None
    caller, message = opened(key, row["id"], row["sealed"])
    return Waiting(row["id"], row["stream"], caller, message, row["received_at"], key)


def sealed_outcome(message: Waiting, outcome: Outcome) -> bytes:
    """Returns the outcome of a message as it is stored."""
    return message.key.seal(to_json(outcome, exclude_none=True), _context(message.id, "outcome"))


def opened(key: FilingKey, row_id: UUID, sealed: bytes) -> tuple[Caller, Message]:
    """Returns the sender and the message of a row. Raises `SealBrokenError`."""
    fields = from_json(key.unseal(sealed, _context(row_id)))
    return _CALLER.validate_python(fields["caller"]), _MODELS[fields["act"]].model_validate(fields["message"])


def begun_by(message: Model) -> str:
    """Returns the stream that a submission or a complaint begins. Raises `ValueError` for any other message."""
    match message:
        case Submission():
            return filing_workflow(filing_id(message.client_id, message.submission_id))
        case ComplaintStart():
            return complaint_workflow(message.filing_id, message.n)
        case _:
            raise ValueError("only a submission and a complaint begin a stream")


def is_kept(message: Message) -> bool:
    """Returns whether a message is kept while Temporal is away: a submission, or a message of the applicant's side."""
    return isinstance(message, Submission) or message.actor.role in SIDE


def _named(message: Message) -> tuple[str, str]:
    """Returns the kind of a message, and its command id."""
    match message:
        case Submission():
            return SUBMIT, SUBMIT
        case ComplaintStart():
            return COMPLAIN, OPENING
        case _:
            return message.kind, message.command_id


def _written(caller: Caller, message: Message) -> bytes:
    return to_json({"act": _named(message)[0], "caller": asdict(caller), "message": as_sent(message)})


def _context(row_id: UUID, part: str = "message") -> str:
    return f"received\n{row_id}\n{part}"


async def _key(connection: Connection, vault: Vault, row_id: UUID) -> FilingKey | None:
    """Returns a row's key; None if it is missing. Reads it in the record, since no cache may keep an erased key."""
    row = await connection.fetchrow(KEY, row_id)
    return None if row is None else await vault.unwrap(row)


_CALLER: Final = TypeAdapter(Caller)
_FIRST: Final = "select content, principal, received_at from received where id = $1"
_KEEP: Final = """
insert into received (id, filing_id, stream, act, principal, content, received_at, sealed)
values ($1, $2, $3, $4, $5, $6, clock_timestamp() - $7::interval, $8)
on conflict (id) do nothing returning content, principal, received_at
"""
_OF_SENDER: Final = "select received_at, sealed, outcome from received where id = $1 and principal = $2"
