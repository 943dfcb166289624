"""Help of commands: sentences of the catalogue, by command name. Commands are imported at their first use."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_command_name

from motcua.cli.language import in_words, set_language, with_language
from motcua.contract import said

_OF_TYPER: Final = {
    "Show this message and exit.": "option.help",
    "Install completion for the current shell.": "option.install_completion",
    "Show completion for the current shell, to copy it or customize the installation.": "option.show_completion",
}


_Command: Final[Any] = TyperCommand.__base__
"""The command of the click that typer uses: newer versions of typer contain their own click."""


class _Worded(_Command):  # type: ignore[misc]
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Sets the language named in the arguments, then parses them: `--help` prints during parsing."""
        set_language(args, anew=ctx.parent is None)
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Shows the help of a command, or of a group with all its commands, with sentences in place of keys."""
        with _in_words([self, *self.get_params(ctx), *getattr(self, "commands", {}).values()]):
            super().format_help(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Returns the first words of the help, for shell completion."""
        with _in_words([self]):
            return str(super().get_short_help_str(limit))


class Worded(_Worded, TyperCommand):
    """A command whose help text and options' help texts are keys of the catalogue."""


class WordedGroup(_Worded, TyperGroup):
    """A group of commands whose help is a key of the catalogue."""


@contextmanager
def _in_words(parts: list[Any]) -> Iterator[None]:
    """Inside the block, the `help` of these commands and options is a sentence instead of a catalogue key."""
    keys = [getattr(part, "help", None) for part in parts]
    for part, key in zip(parts, keys, strict=True):
        if key:
            part.help = words_of(key)
    try:
        yield
    finally:
        for part, key in zip(parts, keys, strict=True):
            if key:
                part.help = key


def words_of(key: str) -> str:
    """Returns the catalogue's sentence for a key, or the key itself if there is none. Text after `: ` is kept."""
    key, colon, more = _OF_TYPER.get(key, key).partition(": ")
    try:
        return in_words(said(key)) + colon + more
    except KeyError:
        return key + colon + more


def nothing() -> None:
    """The callback of a group without options. It makes typer build a group even for a single command or for none."""


def group(name: str, cls: type[WordedGroup] = WordedGroup, **more: Any) -> typer.Typer:
    """Returns an empty group of commands."""
    shown: dict[str, Any] = {"help": f"help.{name}", "no_args_is_help": True, "rich_markup_mode": "markdown"}
    made = typer.Typer(name=name, cls=cls, **shown, **more)
    made.callback()(with_language(nothing))
    return made


def with_words(app: typer.Typer, inside: str = "") -> None:
    """Sets each command's help to its catalogue key, `help.<group>.<command>`, and adds the option `--lang`."""
    for command in app.registered_commands:
        if command.callback is not None:
            name = command.name or get_command_name(command.callback.__name__)
            command.callback = with_language(command.callback)
            command.cls, command.help = Worded, f"help.{inside}{name}"
    for info in app.registered_groups:
        if info.typer_instance is not None:
            name = str(info.name or info.typer_instance.info.name)
            info.typer_instance.info.help = f"help.{inside}{name}"
            with_words(info.typer_instance, f"{inside}{name}.")


@dataclass(frozen=True)
class Later:
    """A command or group to import later: the catalogue key of its help, and the function that imports its app."""

    help: str
    load: Callable[[], typer.Typer]


class Unloaded(Worded):
    """A placeholder for a command or group until its import. `beside`: an existing group that the import extends."""

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
    """Returns an app with these commands by name, each imported at its first use."""

    class Group(WordedGroup):
        def __init__(self, *, commands: Mapping[str, Any], **attributes: Any) -> None:
            unloaded = {name: Unloaded(name, one, commands.get(name)) for name, one in later.items()}
            super().__init__(commands={**commands, **unloaded}, **attributes)

    return typer.Typer(cls=Group, callback=with_language(nothing), no_args_is_help=True, rich_markup_mode="markdown")
