"""Shows the progress of a matrix: a line from time to time, and errors at once."""

import sys
import time
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tests.matrix.orders import Order
from tests.matrix.variants import Variant

_EVERY: Final = 10.0
"""Seconds between two lines of progress."""
Subject: TypeAlias = Order | Variant


@dataclass(frozen=True)
class Ended:
    """The verdict of one subject: `wrong` is its error, or None. `subject` is None for the common checks."""

    subject: Subject | None
    wrong: str | None = None


def named(subject: Subject | None) -> str:
    if subject is None:
        return "all together"
    return str(subject) if isinstance(subject, Variant) else " ".join(subject)


class Showing:
    def __init__(self, total: int) -> None:
        self.all_ended: list[Ended] = []
        self.retained: int | None = None
        self._total = total
        self._put_off = 0
        self._since: dict[Subject, float] = {}
        self._began = self._said = time.monotonic()

    @property
    def wrong(self) -> list[Ended]:
        return [one for one in self.all_ended if one.wrong]

    @property
    def seconds(self) -> int:
        return round(time.monotonic() - self._began)

    def open(self) -> None:
        """Shows that the room is set up, and subjects may begin."""
        self._say(f"set up in {self.seconds} s")

    def began(self, subject: Subject) -> None:
        self._since[subject] = time.monotonic()

    def put_off(self, subject: Subject) -> None:
        """Counts a subject for which the machine was too slow, and which is run again later beside fewer others."""
        del self._since[subject]
        self._put_off += 1

    def ended(self, ended: Ended) -> None:
        self.all_ended.append(ended)
        if ended.subject is not None:
            self._since.pop(ended.subject, None)
        if ended.wrong:
            self._say(f"WRONG {named(ended.subject)}\n{ended.wrong}")
        if time.monotonic() - self._said > _EVERY:
            self._say(f"{len(self.all_ended)}/{self._total} in {self.seconds} s, {self._counts}")

    def summing_up(self) -> None:
        """Shows that all subjects have their verdicts; the common checks follow."""
        self._say(f"each has a verdict after {self.seconds} s: {self._counts}; do both ledgers agree?")

    def balanced(self, retained: int) -> None:
        """Shows that the bank's ledger and ours agree: `retained` đồng are kept of all payments together."""
        self.retained = retained
        self._say(f"both keep {retained:,} đồng; now the receipts, the log and the read models")

    def report(self) -> dict[str, Any]:
        return {
            "taken": len([one for one in self.all_ended if one.subject is not None]),
            "of": self._total,
            "wrong": [{"which": named(one.subject), "why": one.wrong} for one in self.wrong],
            "without a verdict": [named(subject) for subject in self._since],
            "begun again, since the machine was too slow": self._put_off,
            "kept by both ledgers": self.retained,
            "seconds": self.seconds,
        }

    @property
    def _counts(self) -> str:
        said = f"{len(self.wrong)} wrong, {self._put_off} put off, {len(self._since)} under way"
        if not self._since:
            return said
        oldest = min(self._since, key=self._since.__getitem__)
        return f"{said}; {named(oldest)} since {time.monotonic() - self._since[oldest]:.0f} s"

    def _say(self, line: str) -> None:
        self._said = time.monotonic()
        print(line, file=sys.stderr, flush=True)  # noqa: T201 -- for whoever watches
