"""The refunds of a fee's money, by arithmetic alone: from the facts in their order, without any rule of the product."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

Fact = tuple[Any, ...]


class Oracle:
    """The money of one `fee`: the captures, those that paid the fee, and the refunded part of each."""

    def __init__(self, fee: int) -> None:
        self.fee = fee
        self.came: dict[str, int] = {}
        self.counted: list[str] = []
        self.due = True
        self.apart: set[str] = set()
        self.taken: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.law: Counter[str] = Counter()
        self.owed: Counter[str] = Counter()
        self.reduced = 0

    def back(self, facts: Iterable[Fact]) -> dict[str, int]:
        """Returns the amount refunded of each capture, in đồng, after everything owed has been refunded."""
        for name, *values in facts:
            getattr(self, name)(*values)
        went = {}
        for one, amount in self.came.items():
            before = sum(self.came[other] for other in self.counted[: self.place(one)])
            over = max(before + amount - self.fee, 0) if one in self.counted else amount
            owed = over + self.law[one] + self.asked[one] if one in self.counted else over
            went[one] = min(owed, amount - self.taken[one])
        return went

    def place(self, one: str) -> int:
        return self.counted.index(one) if one in self.counted else 0

    def money(self, one: str, amount: int) -> None:
        if one in self.came:
            return
        parts = [other for other in self.came if other not in self.apart] if amount < self.fee else []
        self.came[one] = amount
        if self.due and sum(self.came[part] for part in parts) + amount >= self.fee:
            self.pay([*parts, one])

    def pay(self, counted: list[str]) -> None:
        self.due, self.counted = False, counted
        self.asked.clear()  # what was asked for of a part while it was too little is void

    def accept(self, last: str) -> None:
        self.pay([*(one for one in self.came if one not in self.apart and one != last), last])

    def over(self) -> None:
        self.due, self.counted = False, []

    def sent(self, one: str) -> None:
        self.apart.add(one)

    def charge_back(self, one: str, amount: int) -> None:
        self.taken[one] += amount
        self.apart.add(one)

    def request(self, one: str, amount: int) -> None:
        self.asked[one] += amount

    def less(self, amount: int) -> None:
        """Reduces the fee by `amount`, as a supplement does: the money that came last is refunded first."""
        self.reduced = amount
        self.owed.update({one: mine - still for one, mine, still in self.shares()})
        self.by_law()

    def end(self, percent: int) -> None:
        """Ends the filing: owes `percent` of the fee, rounded half up as a sum; the captures' shares add up to it."""
        before = 0
        for one, mine, still in self.shares():
            self.owed[one] += half_up(percent, before + still) - half_up(percent, before)
            before += mine
        self.by_law()

    def shares(self) -> list[tuple[str, int, int]]:
        """Returns each capture, the part of the fee that it paid, and how much of that a reduced fee still needs."""
        found, before = [], 0
        for one in self.counted:
            mine = min(self.came[one], self.fee - before)
            found.append((one, mine, max(min(mine, self.fee - self.reduced - before), 0)))
            before += mine
        return found

    def by_law(self) -> None:
        """Adds refunds by law, less the sums of the same fee that officers have requested before."""
        rest = {one: self.owed[one] - self.law[one] - self.asked[one] for one in self.counted}
        beyond = sum(-less for less in rest.values() if less < 0)
        for one in self.counted:
            set_off = min(max(rest[one], 0), beyond)
            beyond -= set_off
            self.law[one] += max(rest[one], 0) - set_off


def half_up(percent: int, amount: int) -> int:
    return (amount * percent + 50) // 100
