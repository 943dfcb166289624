"""`motcua law matrix`: the roles that may give each command to each stream, by state, with the legal basis."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from motcua.cli.answer import Column, columns, show_all
from motcua.cli.options import AsJson
from motcua.cli.running import Exit, fail
from rules.streams import KINDS
from schemas.people import Role
from schemas.translate import said

CELLS: Final = Path(__file__).with_suffix(".jsonl")
"""The cells of the law matrix, one a line: generated from the rules, and compared with the rules, like docs/law.md."""

app = typer.Typer(name="law")


@app.callback()
def _group() -> None:
    """Makes this app a group of commands."""


@app.command()
def matrix(
    *,
    stream: Annotated[str | None, typer.Option("--stream", metavar="|".join(KINDS), help="option.law.stream")] = None,
    role: Annotated[Role | None, typer.Option("--role", help="option.law.role")] = None,
    command: Annotated[str | None, typer.Option("--command", help="option.law.command")] = None,
    as_json: AsJson = False,
) -> None:
    every = [json.loads(line) for line in CELLS.read_text(encoding="utf-8").splitlines()]
    wanted = {name: value for name, value in (("stream", stream), ("command", command)) if value is not None}
    for name, value in wanted.items():
        if value not in (known := {cell[name]: None for cell in every}):
            fail(said("refused.law.unknown", option=f"--{name}", known=", ".join(known)), Exit.USAGE)
    cells = [cell for cell in every if wanted.items() <= cell.items() and role in {None, *cell["by"]}]
    show_all(cells, _CELLS, as_json=as_json)


def _roles(cell: dict[str, Any]) -> list[object]:
    return [said(f"role.{role}") for role in cell["by"]]


_CELLS: Final = columns("stream state command", Column("role", _roles), "becomes in_force repealed")
