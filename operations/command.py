"""The operators' commands, without those that set up a stack.

Each module of commands is imported only when it is used, for a quick start.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

import typer

from motcua.cli.help import Later, app_of, nothing, with_words

_ALONE: Final = {
    **dict.fromkeys(("worker", "relay", "gateway", "door", "migrate"), "operations.commands.processes"),
    "witness": "operations.commands.ledger.witness",
    "events": "operations.commands.ledger.record",
    "tasks": "operations.commands.board",
    "board": "operations.commands.board",
    "doctor": "operations.commands.doctor",
    "outage": "operations.commands.outage",
    "support-bundle": "operations.commands.support_bundle",
    "reconcile": "operations.commands.money.reconcile",
    "fee": "publishing.commands.fee",
}
"""The module of each command that belongs to no group."""
_GROUPED: Final[Mapping[str, tuple[str, ...]]] = {
    "result": ("operations.commands.results",),
    "filing": ("operations.commands.ledger.record:filings", "operations.commands.people.erasures:filings"),
    "files": ("operations.commands.documents.files",),
    "law": ("operations.commands.law",),
    "ledger": (
        *("operations.commands.ledger.ledger", "operations.commands.ledger.checkpoints"),
        "operations.commands.people.restored",
    ),
    "store": ("operations.commands.documents.store",),
    "filings": ("operations.commands.filings",),
    "versions": ("operations.commands.ledger.versions",),
    "receipt": ("operations.commands.money.receipts",),
    "money": ("operations.commands.money.suspense",),
    "till": ("operations.commands.money.tills",),
    "principals": ("operations.commands.people.principals",),
    "access": ("operations.commands.people.access",),
    "erasures": ("operations.commands.people.erasures",),
    "exports": ("operations.commands.people.persons:requests_app",),
    "person": ("operations.commands.people.persons",),
    "procedures": ("publishing.commands.procedures",),
    "forms": ("operations.commands.documents.forms",),
    "provinces": ("publishing.commands.provinces",),
    "directory": ("publishing.commands.directory",),
    "calendar": ("publishing.commands.calendar",),
    "publications": ("publishing.commands.publications",),
    "papers": ("operations.commands.official_papers",),
    "keys": ("operations.commands.keys",),
}
"""The modules of each group: the first defines the group, the others add commands to it."""


def alone(name: str, module: str) -> Later:
    """Returns the command `name` of the typer app in `module`; imports the module only when the command is used."""

    @cache
    def load() -> typer.Typer:
        every = typer.Typer(callback=nothing, rich_markup_mode="markdown")
        every.registered_commands += _app(module).registered_commands
        with_words(every)
        return every

    return Later(f"help.{name}", load)


def grouped(name: str, parts: tuple[str, ...]) -> Later:
    """Returns the first module's group, with the commands and groups of the other `parts`; imports nothing yet."""

    @cache
    def load() -> typer.Typer:
        first, *others = map(_app, parts)
        for other in others:
            first.registered_commands += other.registered_commands
            first.registered_groups += other.registered_groups
        every = typer.Typer(rich_markup_mode="markdown")
        every.add_typer(first)
        with_words(every)
        return every

    return Later(f"help.{name}", load)


def _app(place: str) -> typer.Typer:
    """Returns the typer app at an import path: `module:name`, or `module` for its `app`."""
    module, _, name = place.partition(":")
    found: typer.Typer = getattr(import_module(module), name or "app")
    return found


LATER: Final[Mapping[str, Later]] = {
    **{name: alone(name, module) for name, module in _ALONE.items()},
    **{name: grouped(name, parts) for name, parts in _GROUPED.items()},
}
"""Every command and group by name."""

app: Final = app_of(LATER)
