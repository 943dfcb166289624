"""`motcua result FILING_ID` shows the result of a filing. The platform adds more commands to the group `result`."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from motcua import contract as c
from motcua.cli.answer import show_one
from motcua.cli.help import WordedGroup, group
from motcua.cli.options import PATIENCE, AsJson, FilingId, Patience
from motcua.cli.running import ask, note, write_file
from motcua.cli.showing import RESULT

NAME: Final = "result"


class _OrOf(WordedGroup):
    """A group in which the command name `of` may be omitted: users did so before the group had other commands."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["of", *args])


def of_filing(
    filing_id: FilingId,
    *,
    file: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="option.result.out")] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    found = ask(lambda client: client.result(filing_id), patience)
    if file is not None:
        write_file(file, ask(lambda client: client.fetch(filing_id, found.result.sha256), patience))
        note(c.said("refused.saved", file=file, sha256=found.result.sha256))
    show_one(found, RESULT, as_json=as_json)


def commands() -> typer.Typer:
    """Returns a new group at each call, so that commands added to one group are not in the other groups."""
    made = group(NAME, _OrOf, context_settings={"ignore_unknown_options": True})
    made.command("of")(of_filing)
    app = typer.Typer()
    app.add_typer(made, name=NAME)
    return app
