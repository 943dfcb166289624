"""The platform half of the `motcua` command: what the entry point `platform` of `motcua.commands` names."""

from __future__ import annotations

from typing import Final

import typer

from deploy.commands import (
    calendar_change,
    demo,
    directory,
    doctor,
    filings,
    ledger,
    procedures,
    processes,
    record,
    restart,
    tasks,
)

_ALONE: Final = (processes.app, demo.app, record.app, tasks.app, doctor.app)

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
for _commands in _ALONE:
    app.registered_commands += _commands.registered_commands
record.filings.command()(restart.restart)
for _group in (record.filings, ledger.app, procedures.app, directory.app, calendar_change.app, filings.app):
    app.add_typer(_group)
