"""Rows of the read models. They are folds of events: the record is the log."""

from __future__ import annotations

from uuid import UUID

from ..base import Instant, Model


class FilingRow(Model):
    """One filing. `code` is empty only on the way to the log, which fills it."""

    filing_id: UUID
    agency: str
    code: str | None = None
    procedure: str
    version: str
    procedure_sha256: str
    calendar: str
    level: int
    channel: str
    result_channel: str
    status: int
    stage: str
    seq: int
    submitted_at: Instant
    accepted_at: Instant | None = None
    due_at: Instant | None = None
    closed_at: Instant | None = None
    outcome: str | None = None
    overdue: tuple[str, ...]
    possible_duplicates: tuple[str, ...] = ()


class TaskRow(Model):
    """Something that a role can do in a filing now; `officer` has claimed it."""

    name: str
    role: str
    officer: str | None = None
    actions: tuple[str, ...]
    due_at: Instant | None = None
    overdue: bool
    created_at: Instant


class PaymentRow(Model):
    """One request for money, in đồng. It is watched for `watch_seconds` more once it was settled."""

    n: int
    number: str | None = None
    amount: int
    state: str
    captured: int
    refunded: int
    calendar: str
    due_at: Instant
    settled_at: Instant | None = None
    watch_seconds: int
    seq: int
    requested_at: Instant


class ParcelRow(Model):
    """One consignment."""

    n: int
    number: str | None = None
    waybill: str | None = None
    state: str
    calendar: str
    due_at: Instant
    seq: int
    requested_at: Instant


class Rows(Model):
    """The read models of one stream after an append."""

    filing: FilingRow | None = None
    tasks: tuple[TaskRow, ...] = ()
    payment: PaymentRow | None = None
    parcel: ParcelRow | None = None
