"""Lazily imported commands: a list of all commands needs only their names and help."""

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
        load: Imports and returns the app that has it, under its name.
    """

    help: str
    load: Callable[[], typer.Typer]


class Unloaded(Worded):
    """A placeholder for a command or group until its import.

    If the group exists already, it gets the imported commands.
    """

    def __init__(self, name: str, later: Later, beside: TyperGroup | None) -> None:
        super().__init__(name, help=(beside or later).help)
        self._later: Final = later
        self._beside: Final = beside

    def loaded(self) -> Any:
        """Imports and returns the command or the group."""
        every: Any = get_command(self._later.load())
        found = every.commands[self.name]
        if self._beside is None:
            return found
        self._beside.commands.update(found.commands)
        return self._beside

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """Returns a context of the imported command."""
        return self.loaded().make_context(*arguments, **extra)


def app_of(later: Mapping[str, Later]) -> typer.Typer:
    """Returns an app with these commands, by name. An app that uses its group class gets them all."""

    class Group(WordedGroup):
        def __init__(self, *, commands: Mapping[str, Any], **attributes: Any) -> None:
            unloaded = {name: Unloaded(name, one, commands.get(name)) for name, one in later.items()}
            super().__init__(commands={**commands, **unloaded}, **attributes)

    return typer.Typer(cls=Group, callback=with_language(nothing), no_args_is_help=True, rich_markup_mode="markdown")
