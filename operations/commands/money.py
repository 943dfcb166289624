"""`motcua money`: money that came and nobody knows what for."""

from __future__ import annotations

import typer

from operations.commands import suspense
from operations.commands.help_words import GROUPS

app = typer.Typer(name="money", help=GROUPS["money"], no_args_is_help=True, rich_markup_mode="markdown")
app.registered_commands += suspense.app.registered_commands


@app.callback()
def _group() -> None:
    """Tiền / Money."""
