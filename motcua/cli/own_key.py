"""`motcua principals key` and `prove`: a program's key and its proof. The platform adds more commands to the group."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from motcua.cli.help import group
from motcua.cli.running import Exit, fail, refusing
from motcua.errors import MotcuaError

NAME: Final = "principals"

PrivateFile = Annotated[Path, typer.Argument(metavar="FILE", help="option.principals.private")]


def key(file: PrivateFile) -> None:
    with _identity() as identity:
        typer.echo(identity.new_key(file), nl=False)


def prove(
    file: PrivateFile,
    *,
    which: Annotated[str, typer.Option("--principal", metavar="ID", help="option.principals.whose")],
) -> None:
    with _identity() as identity:
        typer.echo(identity.prove(which, identity.key_in(file)))


def commands() -> typer.Typer:
    """Returns a new group at each call, so that commands added to one group are not in the other groups."""
    made = group(NAME)
    for command in (key, prove):
        made.command()(command)
    app = typer.Typer()
    app.add_typer(made, name=NAME)
    return app


@contextmanager
def _identity() -> Iterator[Any]:
    """Yields the module `motcua.identity`, which needs an extra. A `MotcuaError` in the block ends the command."""
    try:
        from motcua import identity  # noqa: PLC0415 -- an extra: the other commands work without
    except ModuleNotFoundError as error:
        fail(str(error), Exit.USAGE)
    with refusing(MotcuaError, Exit.USAGE):
        yield identity
