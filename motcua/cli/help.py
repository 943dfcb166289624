"""The help of commands: sentences of the catalogue, by the names of commands, in the language of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_name

from motcua.cli.language import in_words, set_language, with_language
from motcua.contract import said

_OF_TYPER: Final = {
    "Show this message and exit.": "option.help",
    "Install completion for the current shell.": "option.install_completion",
    "Show completion for the current shell, to copy it or customize the installation.": "option.show_completion",
}


class Worded(TyperCommand):
    """A command whose help, and that of its options, are keys of the catalogue."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse them, after the language that they name was set: help is shown meanwhile."""
        set_language(args, anew=ctx.parent is None)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the help in words."""
        with _in_words([self, *self.get_params(ctx)]):
            super().format_help(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first words of the help, for the completion of a shell."""
        with _in_words([self]):
            return super().get_short_help_str(limit)


class WordedGroup(TyperGroup):
    """A group of commands whose help is a key of the catalogue."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As those of a command."""
        set_language(args, anew=ctx.parent is None)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the help in words, and that of each command in the list."""
        with _in_words([self, *self.get_params(ctx), *self.commands.values()]):
            super().format_help(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """As that of a command."""
        with _in_words([self]):
            return super().get_short_help_str(limit)


@contextmanager
def _in_words(parts: list[Any]) -> Iterator[None]:
    """Meanwhile the keys that stand as `help` in these parts are words."""
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
    """The words of a key, with what stands behind `: `; the text itself where it is no key of the catalogue."""
    key, colon, more = _OF_TYPER.get(key, key).partition(": ")
    try:
        return in_words(said(key)) + colon + more
    except KeyError:
        return key + colon + more


def nothing() -> None:
    """The callback of a group without options of its own: with it, a single command or none makes a group too."""


def group(name: str, cls: type[WordedGroup] = WordedGroup, **more: Any) -> typer.Typer:
    """A group of commands, to which they are added."""
    shown: dict[str, Any] = {"help": f"help.{name}", "no_args_is_help": True, "rich_markup_mode": "markdown"}
    made = typer.Typer(name=name, cls=cls, **shown, **more)
    made.callback()(with_language(nothing))
    return made


def with_words(app: typer.Typer, inside: str = "") -> None:
    """Give each command its key in the catalogue, `help.` and its names, and the option `--lang`."""
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
