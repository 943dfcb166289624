"""What passes between a workflow and the log: a batch of proposed events, and what the log answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from ..base import AgencyCode, Instant, Key, Model
from ..errors import Refusal
from ..filing.events import Event
from ..parcel import ParcelEvent
from ..payment import PaymentEvent
from ..people import Actor, Via
from .rows import Rows

AnyEvent = Annotated[Event | PaymentEvent | ParcelEvent, Field(discriminator="kind")]
"""An event of any stream."""


class Receipt(Model):
    """The answer to a command that was recorded. `seq` is the head of the stream after it; `code` the dossier code."""

    command_id: Key
    digest: str
    seq: int
    at: Instant
    code: str | None = None


class Recorded(Model):
    """An event as the log holds it. `at` is the legal moment."""

    seq: int
    at: Instant
    command_id: Key
    actor: Actor
    event: AnyEvent


class Batch(Model):
    """Events proposed for a stream from `next_seq` on, all or none; without events it only asks what the log holds.

    `epoch` is that of the run that proposes, None until the log has told it. `rows` are the read models afterwards.
    `long` says that the history of the run has become long; the answer repeats it.
    """

    stream: str
    filing_id: UUID
    agency: AgencyCode
    epoch: int | None = None
    next_seq: int
    command_id: Key
    digest: str
    actor: Actor
    on_behalf_of: str | None = None
    via: Via
    at: Instant
    events: tuple[AnyEvent, ...]
    rows: Rows
    long: bool = False


class Appended(Model):
    """What the log holds from `next_seq` on, with the receipts; or why it took nothing.

    `long` stands here so that it stands in the history: see ADR 0006.
    """

    epoch: int
    stored: tuple[Recorded, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    refused: Refusal | None = None
    long: bool | None = None
