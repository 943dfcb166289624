"""Rows of the read models. They are folds of events: the record is the log."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from ..base import AgencyCode, Dong, Instant, Model, unset


class Standing(Model):
    """Where a stream stands, whatever its kind: what must have a workflow. Most appends leave it as it is.

    Attributes:
        n: Its number in its filing; 0 where there is only one.
        calendar: The calendar that its clocks go by.
        open: Whether its workflow has something to do.
        watched_until: Until when, no longer open, it still watches for what may come late.
        heard_as: Kinds of the filing's events, with this `n`, any of which says that the filing has heard how this
            ended; empty while there is nothing to tell.
    """

    n: int = 0
    calendar: str | None = None
    open: bool
    watched_until: Instant | None = None
    heard_as: tuple[str, ...] = ()


class TaskRow(Model):
    """Something that a role can do now; `agency` must act, not always the filing's; `officer` has claimed it.

    `acting_for` is the absent officer in whose place they have it.
    """

    name: str
    agency: AgencyCode
    role: str
    officer: str | None = None
    acting_for: str | None = None
    actions: tuple[str, ...]
    due_at: Instant | None = None
    overdue: bool


class Rows(Model):
    """The read models of one stream after an append.

    `row` is that of the kind's own table, if it has one; without the stream, the filing and the agency, which the
    ledger adds. `tasks` is None for a kind that never has any, `standing` where it is what it was. `results` are those
    columns of the register of results that the stream has to say; empty where they are what they were. So are
    `receipts`, of the register of receipts for money.
    """

    standing: Standing | None = None
    row: dict[str, Any] | None = None
    tasks: tuple[TaskRow, ...] | None = None
    results: tuple[dict[str, Any], ...] = ()
    receipts: tuple[dict[str, Any], ...] = ()


class IssuedRow(Model):
    """What a filing says in the register of a result that it issued. `number` is empty on the way to the log."""

    number: str | None = None
    n: int
    outcome: str
    sha256: str
    issued_at: Instant
    expires_on: date | None = None
    copies: int
    overtaken_at: Instant | None = None


class RegisterRow(Model):
    """What the stream of a result says in the register of one of its numbers, which is empty on the way to the log."""

    number: str | None = None
    n: int
    outcome: str
    sha256: str | None = None
    issued_at: Instant | None = None
    expires_on: date | None = None
    copies: int
    state: str
    ended_at: Instant | None = None
    corrects: str | None = None
    replaced_by: str | None = None
    renewed: tuple[str, ...] = ()


class ReceiptRow(Model):
    """A receipt for money. `number` is empty on the way to the log."""

    number: str | None = None
    kind: str
    series: str
    given: bool
    fee: int
    amount: Dong
    issued_at: Instant
    voided_at: Instant | None = None
    replaces: str | None = None


class FilingRow(Model):
    """One filing. `code` is empty only on the way to the log, which fills it."""

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
    client_id: str | None = None
    submission_id: str | None = None
    erased_at: Instant | None = Field(default=None, exclude_if=unset)


class PaymentRow(Model):
    """One request for money, in đồng. It is watched for `watch_seconds` more once it was settled.

    `reference` is what its `provider` knows it by; a build of before writes none. `renewed` are `provider:reference` of
    each further request, `renewed_beginnings` the same with that much of it as a cut memo has; None if there is none.
    """

    n: int
    number: str | None = None
    provider: str
    reference: str | None = None
    amount: Dong
    state: str
    captured: Dong
    refunded: Dong
    calendar: str
    due_at: Instant
    settled_at: Instant | None = None
    watch_seconds: int
    seq: int
    requested_at: Instant
    renewed: tuple[str, ...] | None = None
    renewed_beginnings: tuple[str, ...] | None = None


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
