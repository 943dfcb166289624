"""A till (quầy thu tiền mặt): the cash of one cashier at one desk, from when it is opened until it is closed."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from .base import AgencyCode, Dong, Instant, Model, ShortText
from .filing.commands import Command

Desk = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
"""A counter of the agency, as it names it."""

TillNumber = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9.]{0,34}-[0-9]{8}-Q[0-9]{1,6}$")]
"""`<agency>-<day>-Q<n>`: the n-th till that the agency opened on that day."""

NOTES: Final = (500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)
"""The notes and coins that there are, in đồng."""

Counted = Annotated[Dong, Field(ge=0, lt=2**53)]


class OpenTill(Command):
    """Open a till with so much change in it; `change_fund` in đồng."""

    kind: Literal["open_till"] = "open_till"
    desk: Desk
    change_fund: Counted = 0


class CountTill(Command):
    """Say what is in it: how many of each note, or the `total` in đồng; it is one of both."""

    kind: Literal["count_till"] = "count_till"
    till: TillNumber
    total: Counted | None = None
    notes: dict[int, Annotated[int, Field(ge=0, lt=2**31)]] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> CountTill:
        if (self.total is None) == (self.notes is None):
            msg = "say the total, or how many of each note"
            raise ValueError(msg)
        if unknown := set(self.notes or ()) - set(NOTES):
            msg = f"there are no notes of {min(unknown)}"
            raise ValueError(msg)
        return self

    @property
    def counted(self) -> int:
        """In đồng."""
        return sum(note * n for note, n in (self.notes or {}).items()) if self.total is None else self.total


class CloseTill(Command):
    """Close it, as it was counted last; with the `reason` where that is not what should be in it."""

    kind: Literal["close_till"] = "close_till"
    till: TillNumber
    reason: ShortText | None = None


class TillCount(Model):
    """What was in it at one time, in đồng, and how much cash had gone through it by then."""

    officer: str
    counted: Dong
    notes: dict[int, int] | None = None
    movements: int
    counted_at: Instant


class TillCash(Model):
    """Cash that went through it: in, or out where `amount` is below 0, and the event that says so."""

    stream: str
    seq: int
    amount: Dong
    at: Instant
    code: str | None = None


class TillClosing(Model):
    """How it was closed: what should have been in it, what was, and why these differ."""

    officer: str
    expected: Dong
    counted: Dong
    reason: str | None = None
    closed_at: Instant

    @property
    def difference(self) -> int:
        """What is too much, or missing where it is below 0, in đồng."""
        return self.counted - self.expected


class Till(Model):
    """A till as it stands: `taken` and `given` are what the log says of the cash that went through it, in đồng."""

    number: TillNumber
    agency: AgencyCode
    desk: Desk
    cashier: str
    change_fund: Dong
    opened_at: Instant
    taken: Dong = 0
    given: Dong = 0
    movements: int = 0
    counts: tuple[TillCount, ...] = ()
    closing: TillClosing | None = None

    @property
    def expected(self) -> int:
        """What should be in it now, in đồng."""
        return self.change_fund + self.taken - self.given


class TillShown(Till):
    """A till with all the cash that went through it, as it came."""

    cash: tuple[TillCash, ...] = ()
