"""Rows of the read models. They are derived from the events; the log alone is the record."""

from datetime import date
from typing import Any

from pydantic import Field

from ..base import AgencyCode, Dong, Instant, Model, unset


class Standing(Model):
    """The status of a stream of any kind. Most appends do not change it.

    Attributes:
        n: The stream's number in its filing; 0 for a kind with only one stream.
        calendar: The calendar of the stream's clocks.
        open: Whether the stream's workflow has work left.
        watched_until: The end of the wait for late reports, once the stream is closed.
        heard_as: The kinds of events in which the filing records the end of this stream. One such event with this `n`
            proves that the filing was notified. Empty while there is nothing to report.
    """

    n: int = 0
    calendar: str | None = None
    open: bool
    watched_until: Instant | None = None
    heard_as: tuple[str, ...] = ()


class TaskRow(Model):
    """A task that officers of `agency` can do now in one role. `agency` need not be the filing's agency.

    `officer` has claimed the task; `acting_for` is the absent officer for whom the `officer` acts.
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

    `row` is the stream's row in the table of its kind, if there is one; the ledger adds the stream, the filing and the
    agency. `tasks` is None for a kind that never has tasks; `standing` is None if unchanged. `results` are the stream's
    rows in the register of results, `receipts` those in the register of receipts; each is empty if unchanged.
    """

    standing: Standing | None = None
    row: dict[str, Any] | None = None
    tasks: tuple[TaskRow, ...] | None = None
    results: tuple[dict[str, Any], ...] = ()
    receipts: tuple[dict[str, Any], ...] = ()


class IssuedRow(Model):
    """A filing's columns of a row in the register of results. `number` is None until the log fills it."""

    number: str | None = None
    n: int
    outcome: str
    sha256: str
    issued_at: Instant
    expires_on: date | None = None
    copies: int
    overtaken_at: Instant | None = None


class RegisterRow(Model):
    """A result stream's columns of a row in the register of results. `number` is None until the log fills it."""

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
    """The row of a receipt for money. `number` is None until the log fills it."""

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
    """The row of a filing. `code` is None until the log fills it."""

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
    recused: tuple[str, ...] = ()
    had_by: tuple[str, ...] = Field(default=(), exclude_if=unset)
    client_id: str | None = None
    submission_id: str | None = None
    erased_at: Instant | None = Field(default=None, exclude_if=unset)


class PaymentRow(Model):
    """The row of a payment; amounts are in đồng.

    Late money is awaited for `watch_seconds` after the payment was settled. `reference` is the public reference of the
    first request, which went to `provider`; None in the rows of older builds. `renewed` has `provider:reference` for
    each later request, and `renewed_beginnings` the same with the beginning of the reference that a shortened memo
    keeps; both are None if there is no later request.
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
    """The row of a consignment."""

    n: int
    number: str | None = None
    waybill: str | None = None
    state: str
    calendar: str
    due_at: Instant
    seq: int
    requested_at: Instant
