"""Shows the progress of a run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo.player import Played
from demo.report import ended_line
from motcua.cli.language import in_words
from schemas.translate import said

FEW: Final = 40
"""The most filings in a run that prints a line for each. A larger run prints a line after each tenth of its filings."""


class Telling:
    """Counts the ended filings of a run and shows how many have ended."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._done = 0
        name = TextColumn(in_words(said("label.filings")))
        columns = (name, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def ended(self, played: Played) -> None:
        """Counts an ended filing, and shows it."""
        self._done += 1
        self._bar.advance(self._task)
        if self._total <= FEW:
            self._console.print(ended_line(played), markup=False)
        elif not self._console.is_terminal and self._done * 10 // self._total > (self._done - 1) * 10 // self._total:
            self._console.print(in_words(said("demo.ended", done=self._done, of=self._total)), markup=False)
