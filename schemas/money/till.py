"""A till (quầy thu tiền mặt): the cash of one cashier at one desk, from its opening to its closing."""

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from ..base import AgencyCode, Dong, Instant, Model, ShortText
from ..filing.commands import Command

Desk = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
"""The name of a counter of the agency."""

TillNumber = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9.]{0,34}-[0-9]{8}-Q[0-9]{1,6}$")]
"""The number of a till, `<agency>-<day>-Q<n>`: the n-th till that the agency opened on that day."""

NOTES: Final = (500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)
"""The existing notes and coins, in đồng."""

Counted = Annotated[Dong, Field(ge=0, lt=2**53)]


class OpenTill(Command):
    """Open a till. `change_fund` is the change in it at the opening, in đồng."""

    kind: Literal["open_till"] = "open_till"
    desk: Desk
    change_fund: Counted = 0


class CountTill(Command):
    """Record the content of the till. Either `notes` (the number of each note) or `total` (in đồng) is set."""

    kind: Literal["count_till"] = "count_till"
    till: TillNumber
    total: Counted | None = None
    notes: dict[int, Annotated[int, Field(ge=0, lt=2**31)]] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "CountTill":
        if (self.total is None) == (self.notes is None):
            msg = "say the total, or how many of each note"
            raise ValueError(msg)
        if unknown := set(self.notes or ()) - set(NOTES):
            msg = f"there are no notes of {min(unknown)}"
            raise ValueError(msg)
        return self

    @property
    def counted(self) -> int:
        """The counted sum in đồng."""
        return sum(note * n for note, n in (self.notes or {}).items()) if self.total is None else self.total


class CloseTill(Command):
    """Close the till with its last count. `reason` explains a difference from the expected sum."""

    kind: Literal["close_till"] = "close_till"
    till: TillNumber
    reason: ShortText | None = None


class TillCount(Model):
    """One count of the till: the counted sum in đồng, and the number of cash movements before the count."""

    officer: str
    counted: Dong
    notes: dict[int, int] | None = None
    movements: int
    counted_at: Instant


class TillCash(Model):
    """One cash movement and its event. `amount` is below 0 if the cash was taken out of the till."""

    stream: str
    seq: int
    amount: Dong
    at: Instant
    code: str | None = None


class TillClosing(Model):
    """The closing of the till: the expected sum and the counted sum in đồng, and the reason for a difference."""

    officer: str
    expected: Dong
    counted: Dong
    reason: str | None = None
    closed_at: Instant

    @property
    def difference(self) -> int:
        """The counted sum less the expected sum, in đồng."""
        return self.counted - self.expected


class Till(Model):
    """The state of a till. `taken` and `given` are the sums of its cash movements, in đồng."""

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
        """The expected sum now, in đồng."""
        return self.change_fund + self.taken - self.given


class TillShown(Till):
    """A till with all its cash movements, in order."""

    cash: tuple[TillCash, ...] = ()
