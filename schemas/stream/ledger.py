"""Messages between a workflow and the log: a batch of proposed events, and the log's answer.

Events pass as plain data. The kind of the stream, which both sides know, names their models.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Instant, Key, Model, Sha256, unset
from ..errors import Refusal
from ..people import Actor, Via
from .rows import Rows

__all__ = ["Receipt"]


class About(Model):
    """The event that caused a paper: its stream, and its place there."""

    stream: str
    """name of the event's stream"""
    seq: int
    """place of the event in its stream"""


class Receipt(Model):
    """The answer to a recorded command. `seq` is the head of the stream after it; `code` the dossier code."""

    command_id: Key
    digest: str
    """SHA-256 of the content, in hex: it distinguishes a repeat from other content under the same id"""
    seq: int
    """number of the stream's last event after the command"""
    at: Instant
    code: str | None = None
    """dossier code (mã hồ sơ); only for commands of a filing"""


class Bound(Model):
    """The rows of the record that an event binds beside its own content (docs/ledger.md)."""

    epoch: int = Field(ge=1)
    """epoch of the stream at the append, from 1"""
    key: Sha256 | None = Field(default=None, exclude_if=unset)
    """digest that binds the filing's key, in hex; only in the first event of a stream"""
    receipt: Sha256 | None = Field(default=None, exclude_if=unset)
    """digest that binds the command's receipt, in hex; only in the last event of a command"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the log holds it. `at` is the legally relevant moment; `event` is a model of the stream's kind."""

    seq: int
    at: Instant
    command_id: str
    actor: Actor
    event: Any


class StoredEvent(Model):
    """A `Recorded` on its way from the log, its event as plain data with its `kind`."""

    seq: int
    at: Instant
    command_id: Key
    actor: Actor
    event: dict[str, Any]


class Found(Model):
    """A finding that the record must hold, by its kind and its id, and the stream that it is about."""

    stream: str
    kind: str
    id: UUID


class AgencyAnswer(Model):
    """An answer of an agency's back office as it came, with its `statement`, and the request that it answers.

    `request` is the digest of the request as the run has sent it: the agency's statement is about this request alone.
    """

    act: str
    request_id: Key
    request: Sha256
    answer: dict[str, Any] = Field(repr=False)


class Batch(Model):
    """Events proposed for a stream from `next_seq` on, all or none; without events it only reads the log.

    `epoch` is that of the proposing run, None until the log has answered; `head` is the hash of the last event that
    it knows, as the log has told it: a run that was told other content does not go on. `rows` are the read models
    afterwards. `continue_as_new_suggested`: the history of the run has become long; the answer repeats it.
    `moves_with` is the version of the snapshot that the run would hand on, if it is to end for either reason: its
    history is long, or Temporal wants another build to continue it. `statement` is the signed identity of the
    actor, if there was one; it must not have expired when the command was accepted, at `asked_at`. `findings` are
    those on which the events, or the refusal that the run would give, rest; `readings` are the digests of what it has
    read in the record for them, `answered` is the answer of an agency's back office on which they rest.
    """

    stream: str
    filing_id: UUID
    agency: AgencyCode
    epoch: int | None = None
    next_seq: int
    head: Sha256 | None = Field(default=None, exclude_if=unset)
    command_id: Key
    digest: str
    actor: Actor
    on_behalf_of: str | None = None
    via: Via
    statement: str | None = Field(default=None, exclude_if=unset, repr=False)
    asked_at: Instant | None = Field(default=None, exclude_if=unset)
    at: Instant
    events: tuple[dict[str, Any], ...] = ()
    findings: tuple[Found, ...] = Field(default=(), exclude_if=unset)
    readings: tuple[Sha256, ...] = Field(default=(), exclude_if=unset)
    answered: AgencyAnswer | None = Field(default=None, exclude_if=unset)
    rows: Rows | None = None
    continue_as_new_suggested: bool = False
    moves_with: int | None = None


class Appended(Model):
    """The log's events from `next_seq` on, with the receipts, or its refusal. `command_id` is the batch's.

    `more`: the log holds further events. A receipt without events belongs to the requested command, which was
    recorded long before. `continue_as_new_suggested` is repeated here so that it is in the history: ADR 0006.
    `moves`: whether the build that is to continue the stream can read it. `unfounded`: the record lacks one of the
    batch's findings, the process of this log has not made one of its readings, or the agency has not signed the answer.
    `head` is the hash of the last of these events, or of the stream's last event.
    """

    epoch: int
    command_id: str | None = None
    stored: tuple[StoredEvent, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    refused: Refusal | None = None
    more: bool = False
    continue_as_new_suggested: bool | None = None
    moves: bool | None = None
    unfounded: bool | None = None
    head: Sha256 | None = None


class ParkRequest(Model):
    """A signal that could not be used, to be stored. The workflow chooses the `id`, so that it is stored only once.

    `payload` is its content as JSON; a part that can't be read is null, and it is cut if too long.
    """

    id: UUID
    stream: str
    filing_id: UUID
    agency: AgencyCode
    signal: str
    problem: str
    at: Instant
    payload: str
