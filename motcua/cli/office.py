"""`motcua back-office`: an agency's own process."""

from __future__ import annotations

import importlib
import inspect
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import TypeAdapter, ValidationError

from motcua.backoffice import HOOKS, BackOffice, queue_of, run
from motcua.cli import office_check
from motcua.cli.answer import Column, Marked, columns, show_all
from motcua.cli.running import Exit, Patience, end_well, fail
from motcua.contract import AgencyCode

_PATIENCE = 60.0

app = typer.Typer()


@app.command("back-office")
def back_office(
    office: Annotated[
        str | None, typer.Argument(metavar="[MODULE:CLASS]", help="The agency's own BackOffice; else the default one.")
    ] = None,
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="The agency's code.")] = None,
    queue: Annotated[str | None, typer.Option("--queue", help="Another queue than that of the agency.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Serve nobody: look at hooks, object store, directory and queue.")
    ] = False,
    patience: Patience = _PATIENCE,
) -> None:
    """Run an agency's back office until Ctrl-C: it checks dossiers and makes results.

    Without --agency it serves all agencies that run none of their own. It needs Temporal (TEMPORAL_*) and the object
    store (MOTCUA_OBJECTS). An agency that the directory does not have is refused. With --check it says what would keep
    it from working, and exits 1 if anything would.

    Example: motcua back-office --agency H29.16 land_office:LandOffice
    """
    _log_to_standard_error()
    made = BackOffice() if office is None else load(office)
    agency = _checked(agency)
    if check:
        found = end_well(office_check.surroundings(agency, queue or queue_of(agency), patience))
        _show([office_check.hooks(made), *found])
    else:
        end_well(run(made, agency, queue=queue, patience=patience))


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _Lines(logging.Formatter):
    """Lines that end with what they are about: `backoffice.ready queue=agency.H29.16`."""

    _TOLD: Final = ("agency", "queue", "hook", "reason")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the name in `logging`
        told = (f" {name}={getattr(record, name)}" for name in self._TOLD if hasattr(record, name))
        return super().formatMessage(record) + "".join(told)


def _show(found: list[office_check.Looked]) -> None:
    show_all(found, _LOOKED)
    if not all(one.well for one in found):
        raise typer.Exit(Exit.REFUSED)


_LOOKED: Final = columns(
    Column("state", lambda one: Marked("ok", "green") if one.well else Marked("fail", "red")),
    "looked_at:title found:words",
)


def load(name: str) -> BackOffice:
    """The back office `module:Class`, looked for in the current folder too; what is wrong with it ends the command."""
    module_name, _, class_name = name.partition(":")
    if not module_name or not class_name:
        fail("name the back office as module:Class, such as land_office:LandOffice", Exit.USAGE)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except ModuleNotFoundError as error:
        fail(f"{name} can't be imported: there is no module {error.name} here", Exit.USAGE)
    except Exception as error:  # noqa: BLE001 -- the agency's own module
        fail(f"{name} can't be imported: {type(error).__name__}: {error}", Exit.USAGE)
    if not (isinstance(found, type) and issubclass(found, BackOffice)):
        fail(f"{name} is not a class that inherits from motcua.BackOffice", Exit.USAGE)
    try:
        made = found()
    except Exception as error:  # noqa: BLE001 -- the agency's own class
        fail(f"{name}() fails: {type(error).__name__}: {error}", Exit.USAGE)
    if mistakes := list(_mistakes(made)):
        fail(f"{name}: {'; '.join(mistakes)}", Exit.USAGE)
    return made


def _mistakes(office: BackOffice) -> Iterator[str]:
    """What is wrong with the hooks, without running any."""
    for name in HOOKS:
        hook = getattr(office, name)
        if not callable(hook):
            yield f"{name} is no method"
            continue
        try:
            inspect.signature(hook).bind(object())
        except TypeError:
            yield f"{name} takes one argument, that of BackOffice.{name}"
        if inspect.isasyncgenfunction(hook) or inspect.isgeneratorfunction(hook):
            yield f"{name} yields, and should return"


def _checked(agency: str | None) -> str | None:
    """The agency's code, or the end of the command: on a misspelt queue nobody would ever bring work."""
    if agency is None:
        return None
    try:
        return TypeAdapter[str](AgencyCode).validate_python(agency)
    except ValidationError:
        fail(f"{agency} is no agency code: A-Z, 0-9 and points, such as H29.16", Exit.USAGE)
