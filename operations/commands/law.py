"""`motcua law`: what the rules allow, beside the law."""

from __future__ import annotations

from dataclasses import asdict

import typer

from motcua.cli.running import AsJson, print_json
from operations.commands.help_words import group
from operations.law.matrix import matrix as worked_out
from operations.law.page import page

app = group("law")


@app.command()
def matrix(*, as_json: AsJson = False) -> None:
    """Ask the rules for every role, status and command, and for every change of status, and set the law beside it.

    Needs no database and no settings. Without --json: the page docs/law.md.

    Examples: `motcua law matrix`, `motcua law matrix --json`
    """
    found = worked_out()
    if as_json:
        print_json(asdict(found))
        return
    typer.echo(page(found), nl=False)
