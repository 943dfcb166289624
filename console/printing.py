"""The console of commands: as wide as the terminal. Without a terminal, wide enough for a dossier code."""

import sys
from typing import Final

from rich.console import Console

WIDTH: Final = 170
"""Columns in a file or a pipe."""


def wide() -> Console:
    """Returns a console on standard output."""
    return Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDTH)
