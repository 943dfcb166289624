"""`motcua back-office`: runs an agency's back office."""

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
from motcua.cli.answer import Column, Marked, columns, show_all
from motcua.cli.language import in_words
from motcua.cli.office import check as office_check
from motcua.cli.options import Patience
from motcua.cli.running import Exit, end_well, exit_if, fail, refusing
from motcua.contract import AgencyCode, Text, said

_PATIENCE = 60.0

app = typer.Typer()


@app.command("back-office")
def back_office(
    office: Annotated[str | None, typer.Argument(metavar="[MODULE:CLASS]", help="option.office")] = None,
    *,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="option.agency")] = None,
    queue: Annotated[str | None, typer.Option("--queue", help="option.office.queue")] = None,
    check: Annotated[bool, typer.Option("--check", help="option.office.check")] = False,
    patience: Patience = _PATIENCE,
) -> None:
    _log_to_standard_error()
    made = BackOffice() if office is None else load(office)
    agency = _checked(agency)
    if check:
        around = end_well(office_check.surroundings(agency, queue or queue_of(agency), patience))
        found = [office_check.hooks(made), *around]
        show_all(found, _LOOKED)
        exit_if(not all(one.well for one in found))
    else:
        end_well(run(made, agency, queue=queue, patience=patience))


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _Lines(logging.Formatter):
    """Formats log lines with their fields at the end: `backoffice.ready queue=agency.H29.16`."""

    _TOLD: Final = ("agency", "queue", "hook", "reason")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the name in `logging`
        told = (f" {name}={getattr(record, name)}" for name in self._TOLD if hasattr(record, name))
        return super().formatMessage(record) + "".join(told)


_LOOKED: Final = columns(
    Column("state", lambda one: Marked("ok", "green") if one.well else Marked("fail", "red")),
    "looked_at:title found:words",
)


def load(name: str) -> BackOffice:
    """Returns the back office `module:Class`, also from the current folder; a mistake in it ends the command."""
    module_name, _, class_name = name.partition(":")
    if not module_name or not class_name:
        fail(said("refused.office.name"), Exit.USAGE)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except ModuleNotFoundError as error:
        fail(said("refused.office.no_module", name=name, module=error.name), Exit.USAGE)
    except Exception as error:  # noqa: BLE001 -- the agency's own module
        fail(said("refused.office.not_imported", name=name), Exit.USAGE, detail=f"{type(error).__name__}: {error}")
    if not (isinstance(found, type) and issubclass(found, BackOffice)):
        fail(said("refused.office.no_office", name=name), Exit.USAGE)
    try:
        made = found()
    except Exception as error:  # noqa: BLE001 -- the agency's own class
        fail(said("refused.office.fails", name=name), Exit.USAGE, detail=f"{type(error).__name__}: {error}")
    if mistakes := list(_mistakes(made)):
        fail(name, Exit.USAGE, detail="; ".join(map(in_words, mistakes)))
    return made


def _mistakes(office: BackOffice) -> Iterator[Text]:
    """Yields the mistakes in the hooks, without running any."""
    for name in HOOKS:
        hook = getattr(office, name)
        if not callable(hook):
            yield said("refused.office.no_method", hook=name)
            continue
        try:
            inspect.signature(hook).bind(object())
        except TypeError:
            yield said("refused.office.one_argument", hook=name)
        if inspect.isasyncgenfunction(hook) or inspect.isgeneratorfunction(hook):
            yield said("refused.office.yields", hook=name)


def _checked(agency: str | None) -> str | None:
    """Returns the agency's code; a malformed one ends the command, since its queue would never receive work."""
    if agency is None:
        return None
    with refusing(ValidationError, Exit.USAGE, said("refused.agency_code", agency=agency)):
        return TypeAdapter[str](AgencyCode).validate_python(agency)
