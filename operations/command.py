"""What an operator can ask for: every command of the platform but those that set a stack up."""

from __future__ import annotations

from typing import Final

import typer

from motcua.cli.help import in_both_languages
from operations.commands import (
    board,
    doctor,
    files,
    filings,
    forms,
    law,
    ledger,
    money,
    principals,
    processes,
    receipts,
    record,
    renewal,
    restart,
    result,
    result_register,
    store,
    tasks,
    tills,
    versions,
)
from operations.commands.help_words import PLATFORM
from operations.commands.papers import control, register, templates
from operations.commands.papers.group import app as papers
from operations.commands.publishing import absences, calendar_change, fee, procedure_changes, provinces

_ALONE: Final = (processes.app, record.app, tasks.app, board.app, doctor.app, fee.app)

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
for _commands in _ALONE:
    app.registered_commands += _commands.registered_commands
record.filings.command()(restart.restart)
store.app.command("renew")(renewal.command)
for _commands in (control.app, register.app):
    papers.registered_commands += _commands.registered_commands
result.app.registered_commands += result_register.COMMANDS
_OF_THE_RECORD: Final = (
    record.filings,
    files.app,
    ledger.app,
    store.app,
    filings.app,
    versions.app,
    result.app,
    receipts.app,
    money.app,
    tills.app,
    principals.app,
)
_PUBLISHING: Final = (procedure_changes.app, forms.app, provinces.app, absences.app, calendar_change.app)
papers.add_typer(templates.app)
for _group in (*_OF_THE_RECORD, *_PUBLISHING, papers, law.app):
    app.add_typer(_group)
in_both_languages(app, PLATFORM)
