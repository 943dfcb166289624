"""Mistakes in files, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from motcua.cli.language import in_words
from motcua.cli.running import out
from rules.source.mistakes import Mistake

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)]


def mistake_row(path: Path, entry: Mistake) -> dict[str, Any]:
    """Returns a mistake and its file as plain data."""
    return {"file": str(path), **entry.model_dump(mode="json")}


def print_mistakes(found: Sequence[tuple[Path, Mistake]]) -> None:
    """Prints a line for each mistake: file and line, path, message and fix, rule."""
    for path, entry in found:
        place = f"{path}:{entry.line}" if entry.line else str(path)
        words = escape(f"{in_words(entry.message)}: {in_words(entry.fix)}")
        out().print(f"[red]{escape(place)}[/] [bold]{escape(entry.path)}[/] {words} [dim]({entry.rule})[/]")
