"""Shows how a matrix goes: on a terminal a bar, elsewhere a line now and then; what is wrong at once."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.matrix.run import Ended, Subject, named

_EVERY: Final = 10.0
"""Seconds between two lines."""


class Showing:
    """To be entered; keeps how each ended."""

    def __init__(self, total: int) -> None:
        self.all_ended: list[Ended] = []
        self.retained: int | None = None
        self._console = Console(stderr=True)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("", total=total)
        self._total = total
        self._put_off = 0
        self._since: dict[Subject, float] = {}
        self._began = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._say("setting up a stack, a bank, a gateway, a worker and a relay")
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    @property
    def wrong(self) -> list[Ended]:
        """Those that did not end as they must."""
        return [one for one in self.all_ended if one.wrong]

    @property
    def seconds(self) -> int:
        """Since it began."""
        return round(time.monotonic() - self._began)

    def open(self) -> None:
        """All is there: from now on something may begin."""
        self._say(f"set up in {self.seconds} s")

    def began(self, subject: Subject) -> None:
        """Another is under way."""
        self._since[subject] = time.monotonic()

    def put_off(self, subject: Subject) -> None:
        """The machine was too slow for it: it is begun again once less is under way."""
        del self._since[subject]
        self._put_off += 1

    def ended(self, ended: Ended) -> None:
        """One has a verdict."""
        self.all_ended.append(ended)
        if ended.subject is not None:
            self._since.pop(ended.subject, None)
            self._bar.advance(self._task)
        if ended.wrong:
            self._say(f"WRONG {named(ended.subject)}\n{ended.wrong}")
        self._bar.update(self._task, description=self._counts)
        if self._bar.disable and time.monotonic() - self._said > _EVERY:
            self._say(f"{len(self.all_ended)}/{self._total} in {self.seconds} s, {self._counts}")

    def summing_up(self) -> None:
        """Each has a verdict; now all together."""
        self._say(f"each has a verdict after {self.seconds} s: {self._counts}; do both ledgers agree?")

    def balanced(self, retained: int) -> None:
        """By the bank's ledger and by ours so many đồng are kept of all payments together."""
        self.retained = retained
        self._say(f"both keep {retained:,} đồng; now the receipts, the log and the read models")

    def report(self) -> dict[str, Any]:
        """What came out."""
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
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
