"""The group `motcua papers`. Its commands stand in modules of their own, `operations.command` puts them in."""

from __future__ import annotations

import typer

_HELP = "Giấy tờ / Official papers: the control slip of a filing, the register of an agency."

app = typer.Typer(name="papers", help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")


@app.callback(help=_HELP)
def _group() -> None:
    pass
