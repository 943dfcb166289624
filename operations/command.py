"""The operators' commands: all of the platform except those that set up a stack.

Each is imported at its first use: all together take 1.5 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

import typer

from motcua.cli.help import nothing, with_words
from motcua.cli.later import Later, app_of

_ALONE: Final = {
    **dict.fromkeys(("worker", "relay", "gateway", "migrate"), "operations.commands.processes"),
    "witness": "operations.commands.witness",
    "events": "operations.commands.record",
    "tasks": "operations.commands.tasks",
    "board": "operations.commands.board",
    "doctor": "operations.commands.doctor",
    "reconcile": "operations.commands.reconcile",
    "fee": "operations.commands.publishing.fee",
}
"""The module of each command outside a group."""
_GROUPED: Final[Mapping[str, tuple[str, ...]]] = {
    "result": ("operations.commands.result", "operations.commands.result_register"),
    "filing": (
        "operations.commands.record:filings",
        "operations.commands.restart",
        "operations.commands.erasures:filings",
    ),
    "files": ("operations.commands.files",),
    "ledger": ("operations.commands.ledger", "operations.commands.checkpoints"),
    "store": ("operations.commands.store", "operations.commands.renewal"),
    "filings": ("operations.commands.filings",),
    "versions": ("operations.commands.versions",),
    "receipt": ("operations.commands.receipts",),
    "money": ("operations.commands.money",),
    "till": ("operations.commands.tills",),
    "principals": ("operations.commands.principals",),
    "access": ("operations.commands.access",),
    "erasures": ("operations.commands.erasures",),
    "exports": ("operations.commands.exports",),
    "person": ("operations.commands.persons",),
    "procedures": ("operations.commands.publishing.procedure_changes",),
    "forms": ("operations.commands.forms",),
    "provinces": ("operations.commands.publishing.provinces",),
    "directory": ("operations.commands.publishing.absences",),
    "calendar": ("operations.commands.publishing.calendar_change",),
    "publications": ("operations.commands.publishing.publications",),
    "papers": (
        "operations.commands.papers.group",
        "operations.commands.papers.control",
        "operations.commands.papers.register",
        "operations.commands.papers.templates",
    ),
    "keys": ("operations.commands.keys",),
}
"""The modules of each group: the first has the group, the others add commands to it."""


def alone(name: str, module: str) -> Later:
    """Returns the command `name` of the `app` in `module`."""

    @cache
    def load() -> typer.Typer:
        every = typer.Typer(callback=nothing, rich_markup_mode="markdown")
        every.registered_commands += _app(module).registered_commands
        with_words(every)
        return every

    return Later(f"help.{name}", load)


def grouped(name: str, parts: tuple[str, ...]) -> Later:
    """Returns a group of commands: the first of the `parts`, with the commands of the others."""

    @cache
    def load() -> typer.Typer:
        first, *others = map(_app, parts)
        for other in others:
            if isinstance(other.info.name, str):
                first.add_typer(other)
            else:
                first.registered_commands += other.registered_commands
        every = typer.Typer(rich_markup_mode="markdown")
        every.add_typer(first)
        with_words(every)
        return every

    return Later(f"help.{name}", load)


def _app(place: str) -> typer.Typer:
    """Returns `app` of a place `module`, or `name` of a place `module:name`."""
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name or "app")
    if not isinstance(found, typer.Typer):
        raise TypeError(f"{place} is no typer.Typer")
    return found


LATER: Final[Mapping[str, Later]] = {
    **{name: alone(name, module) for name, module in _ALONE.items()},
    **{name: grouped(name, parts) for name, parts in _GROUPED.items()},
}
"""Every command and group by name."""

app: Final = app_of(LATER)
