"""Messages between a workflow and the log: a batch of proposed events, and the log's answer.

Events are passed as plain data; the workflow and the log derive the events' models from the kind of the stream.
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
    """The event that caused a paper: its stream, and its number in this stream."""

    stream: str
    """name of the event's stream"""
    seq: int
    """number of the event in this stream"""


class Receipt(Model):
    """The answer to a recorded command.

    `seq` is the number of the stream's last event after the command. `code` is the dossier code; set only for commands
    of a filing.
    """

    command_id: Key
    digest: str
    """SHA-256 of the content, in hex: it distinguishes a repeat from other content under the same id"""
    seq: int
    """number of the stream's last event after the command"""
    at: Instant
    code: str | None = None
    """dossier code (mã hồ sơ); only for commands of a filing"""


class Bound(Model):
    """Values from other rows of the record. An event's hash covers them beside the event's content (docs/ledger.md)."""

    epoch: int = Field(ge=1)
    """epoch of the stream at the append, from 1"""
    key: Sha256 | None = Field(default=None, exclude_if=unset)
    """digest that binds the filing's key, in hex; only in the first event of a stream"""
    receipt: Sha256 | None = Field(default=None, exclude_if=unset)
    """digest that binds the command's receipt, in hex; only in the last event of a command"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in the log. `at` is the legally relevant moment of the event, `event` its content."""

    seq: int
    at: Instant
    command_id: str
    actor: Actor
    event: Any


class StoredEvent(Model):
    """A `Recorded` as the log sends it. Its `event` is plain data, which includes the `kind`."""

    seq: int
    at: Instant
    command_id: Key
    actor: Actor
    event: dict[str, Any]


class Found(Model):
    """A finding that must be in the record: its kind, its id, and the stream that the finding is about."""

    stream: str
    kind: str
    id: UUID


class AgencyAnswer(Model):
    """An answer of an agency's back office as received, with its signature (`statement`).

    `request` is the digest of the answered request as the run has sent it: the signature is valid for this request
    alone.
    """

    act: str
    request_id: Key
    request: Sha256
    answer: dict[str, Any] = Field(repr=False)


class Batch(Model):
    """Events to append to a stream from `next_seq` on, all or none. A batch without events only reads the log.

    `epoch` is the epoch of the run; None until the log has answered. `head` is the hash of the last event that the run
    has from the log: if the log has another event there, the run does not continue. `rows` are the read models after
    the events. `continue_as_new_suggested`: whether the run's history has become long.

    `moves_with` is the version of the snapshot for the next run; None unless this run is about to end, because its
    history is long or because Temporal wants another build to continue the stream. `statement` is the signed identity
    of the actor, if there is one; it must not have expired at `asked_at`, the time at which the command was accepted.
    If `only_at` is set, the batch is refused if an event by a person has a `seq` above it.

    The rules have derived the events, or the refusal that the run would give, from these inputs: the `findings`, data
    of the record with the digests `readings`, and `answered`, an answer of an agency's back office.
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
    only_at: int | None = Field(default=None, exclude_if=unset)
    at: Instant
    events: tuple[dict[str, Any], ...] = ()
    findings: tuple[Found, ...] = Field(default=(), exclude_if=unset)
    readings: tuple[Sha256, ...] = Field(default=(), exclude_if=unset)
    answered: AgencyAnswer | None = Field(default=None, exclude_if=unset)
    rows: Rows | None = None
    continue_as_new_suggested: bool = False
    moves_with: int | None = None


class Appended(Model):
    """The log's answer to a batch: the events from the batch's `next_seq` on and the receipts, or a refusal.

    `command_id` is the id of the batch's command. `more`: whether the log has further events. A receipt without events
    belongs to this command, if the command was recorded long before. `continue_as_new_suggested` repeats the batch's
    value, so that it is in the history (ADR 0006). `moves`: whether the build that is to continue the stream can read
    the stream. `unfounded`: whether the record lacks one of the batch's findings, this process has not made one of its
    readings, or the agency has not signed its answer. `head` is the hash of the last of these events; without events,
    of the stream's last event. `agency` is the agency with which the stream began; set only if these events begin it.
    """

    epoch: int
    agency: AgencyCode | None = None
    command_id: str | None = None
    stored: tuple[StoredEvent, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    refused: Refusal | None = None
    more: bool = False
    continue_as_new_suggested: bool | None = None
    moves: bool | None = None
    unfounded: bool | None = None
    head: Sha256 | None = None
