"""`motcua result FILING_ID`: what came of a filing. The platform adds commands to the group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from motcua import contract as c
from motcua.cli.answer import show_one
from motcua.cli.filings import FilingId
from motcua.cli.running import PATIENCE, AsJson, Exit, Patience, ask, end_well, fail, note
from motcua.cli.showing import RESULT
from motcua.store import Store

NAME: Final = "result"
_HELP: Final = """Kết quả / Results: what came of a filing, and what an issued file is worth.

Example: motcua result FILING_ID --out certificate.pdf
"""


class _OrOf(TyperGroup):
    """The name of the command `of` may be left out: there was a time when it was the only one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["of", *args])


def of_filing(
    filing_id: FilingId,
    *,
    file: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Download it to this file.")] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    """Show a filing's result; with --out download its file from MOTCUA_OBJECTS, and check its digest.

    The word `of` may be left out. Example: motcua result FILING_ID --out certificate.pdf
    """
    found = ask(lambda client: client.result(filing_id), patience)
    if file is not None:
        _download(found.result, file)
    show_one(found, RESULT, as_json=as_json)


def _download(result: c.FileRef, file: Path) -> None:
    async def get() -> bytes:
        return await Store.from_environment().get(result)

    data = end_well(get())
    try:
        file.write_bytes(data)
    except OSError as error:
        fail(f"{file} can't be written: {error.strerror}", Exit.USAGE)
    note(f"saved to {file}; its digest is {result.sha256}")


def commands() -> typer.Typer:
    """The group, anew each time, so that whoever adds to it adds to this one only."""
    group = typer.Typer(
        cls=_OrOf,
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode="markdown",
        context_settings={"ignore_unknown_options": True},
    )
    group.command("of")(of_filing)
    app = typer.Typer()
    app.add_typer(group, name=NAME)
    return app
