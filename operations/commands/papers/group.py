"""The group `motcua papers`. Its commands stand in modules of their own, `operations.command` puts them in."""

from __future__ import annotations

import typer

from operations.commands.help_words import GROUPS

app = typer.Typer(name="papers", help=GROUPS["papers"], no_args_is_help=True, rich_markup_mode="markdown")


@app.callback(help=GROUPS["papers"])
def _group() -> None:
    pass
