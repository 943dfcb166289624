"""`motcua back-office`: an agency's own process."""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from motcua.backoffice import BackOffice, run
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
    patience: Patience = _PATIENCE,
) -> None:
    """Run an agency's back office until Ctrl-C: it checks dossiers and makes results.

    Without --agency it serves all agencies that run none of their own. It needs Temporal (TEMPORAL_*) and the object
    store (MOTCUA_OBJECTS).

    Example: motcua back-office --agency H29.16 land_office:LandOffice
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    made = BackOffice() if office is None else load(office)
    end_well(run(made, _checked(agency), queue=queue, patience=patience))


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
    if not (isinstance(found, type) and issubclass(found, BackOffice)):
        fail(f"{name} is not a class that inherits from motcua.BackOffice", Exit.USAGE)
    return found()


def _checked(agency: str | None) -> str | None:
    """The agency's code, or the end of the command: on a misspelt queue nobody would ever bring work."""
    if agency is None:
        return None
    try:
        return TypeAdapter[str](AgencyCode).validate_python(agency)
    except ValidationError:
        fail(f"{agency} is no agency code: A-Z, 0-9 and points, such as H29.16", Exit.USAGE)
