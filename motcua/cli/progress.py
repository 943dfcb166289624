"""Progress of a long command, on standard error; removed when the command ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from motcua.cli.language import in_words
from motcua.contract import said


class Moved(Protocol):
    """Callback with the count done, the total if known, and other values of the sentence."""

    def __call__(self, done: int, of: int | None = None, **values: object) -> None:
        """Shows the progress."""


@contextmanager
def progress(sentence: str = "command.progress", **fixed: Any) -> Iterator[Moved]:
    """Shows a bar and a sentence with `done`, `of` and other values; the sentence `command.progress` needs `what`."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def moved(done: int, of: int | None = None, **values: object) -> None:
            counts = {"done": f"{done:,}", "of": "?" if of is None else f"{of:,}"}
            words = in_words(said(sentence, **counts, **fixed, **values))
            bar.update(task, completed=done, total=of and max(of, 1), description=words)

        yield moved
