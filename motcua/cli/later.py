"""Commands that are imported once somebody wants them: a list of all needs only their names, and what each is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from motcua.cli.help import Worded, WordedGroup, nothing
from motcua.cli.language import with_language


@dataclass(frozen=True)
class Later:
    """A command or a group of commands.

    Attributes:
        help: The key of its help.
        load: Gives what it is part of, under its name.
    """

    help: str
    load: Callable[[], typer.Typer]


class Unloaded(Worded):
    """Stands in the list for a command or a group. A group that is there already is added to."""

    def __init__(self, name: str, later: Later, beside: TyperGroup | None) -> None:
        super().__init__(name, help=(beside or later).help)
        self._later: Final = later
        self._beside: Final = beside

    def loaded(self) -> Any:
        """The command or the group itself."""
        every: Any = get_command(self._later.load())
        found = every.commands[self.name]
        if self._beside is None:
            return found
        self._beside.commands.update(found.commands)
        return self._beside

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """A context of the command itself."""
        return self.loaded().make_context(*arguments, **extra)


def app_of(later: Mapping[str, Later]) -> typer.Typer:
    """All these commands, by their names. Whoever takes over its class takes them over."""

    class Group(WordedGroup):
        def __init__(self, *, commands: Mapping[str, Any], **attributes: Any) -> None:
            unloaded = {name: Unloaded(name, one, commands.get(name)) for name, one in later.items()}
            super().__init__(commands={**commands, **unloaded}, **attributes)

    return typer.Typer(cls=Group, callback=with_language(nothing), no_args_is_help=True, rich_markup_mode="markdown")
