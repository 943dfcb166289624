"""How commands print. Tables are as wide as the terminal, and wide enough for a dossier code where there is none."""

from __future__ import annotations

import sys
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

WIDTH: Final = 170
"""Columns in a file or a pipe."""


def wide() -> Console:
    """A console on standard output."""
    return Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def bar() -> Progress:
    """How far a long command has come, on standard error; it goes when the command ends."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
