"""The mistakes of files, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from motcua.cli.running import out
from rules.publishing.mistakes import Mistake


class Language(StrEnum):
    """The language of the explanations."""

    VI = "vi"
    EN = "en"


Files = Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the explanations.")]


def mistake_row(path: Path, entry: Mistake) -> dict[str, Any]:
    """A mistake and the file that it is in."""
    return {"file": str(path), **entry.model_dump(mode="json")}


def print_mistakes(found: Sequence[tuple[Path, Mistake]], lang: Language) -> None:
    """One line for each mistake: file and line, path, what is wrong and what to do, rule."""
    for path, entry in found:
        place = f"{path}:{entry.line}" if entry.line else str(path)
        message, fix = (getattr(words, lang.value) for words in (entry.message, entry.fix))
        words = escape(f"{message}: {fix}")
        out().print(f"[red]{escape(place)}[/] [bold]{escape(entry.path)}[/] {words} [dim]({entry.rule})[/]")
