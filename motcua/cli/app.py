"""The program `motcua`: the commands of the kit and of other distributions (entry points `motcua.commands`)."""

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import typer
from typer.main import get_command

from motcua.cli import attaching, filings, office, own_key, results, schemas
from motcua.cli.help import WordedGroup, nothing, with_words
from motcua.cli.language import set_language, with_language
from motcua.cli.options import COMMANDS, PLATFORM
from motcua.cli.running import Exit, note, owes_json, say_failure
from motcua.contract import beside, both, said
from motcua.errors import MotcuaError

FAULT: Final = 70
"""The exit code of an unexpected error."""
_SHARED: Final = frozenset({results.NAME, own_key.NAME})
"""The groups to which the platform adds commands."""
_UsageError: Final[Any] = typer.BadParameter.__base__
"""The usage error of the click that typer uses: newer versions of typer contain their own click."""


def run(arguments: list[str]) -> None:
    """Runs one command line. Ends with `SystemExit`."""
    owes_json.set("--json" in arguments)
    set_language(arguments, anew=True)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    # The kit's commands import no other distribution: its module names could hide an agency's own modules.
    ours = wanted is not None and wanted not in _SHARED and wanted in _names(build({}))
    added = {} if ours else {entry.name: _load(entry) for entry in entry_points(group=COMMANDS)}
    app = build({name: found for name, found in added.items() if isinstance(found, typer.Typer)})
    if wanted is not None and wanted not in _names(app):
        for name, found in added.items():
            if isinstance(found, str):
                note(said("refused.commands", name=name), found)
        if not isinstance(added.get(PLATFORM), typer.Typer):
            missing = said("refused.not_installed", command=wanted)
            note(missing)
            say_failure(beside(missing), Exit.USAGE)
            sys.exit(Exit.USAGE)
    if owes_json.get():
        sys.exit(_run_for_a_program(app, arguments))
    app(args=arguments, prog_name="motcua")


def _run_for_a_program(app: typer.Typer, arguments: list[str]) -> int:
    """Runs a command with `--json`, and returns its exit code. Prints errors as JSON; reraises all but usage errors."""
    try:
        return app(args=arguments, prog_name="motcua", standalone_mode=False) or 0
    except _UsageError as error:
        message = error.format_message()
        note(message)
        say_failure(message, Exit.USAGE)
        return Exit.USAGE
    except MotcuaError as error:
        say_failure(str(error), Exit.USAGE)
        raise
    except Exception as error:
        say_failure(f"{both('refused.fault')}: {type(error).__name__}", FAULT)
        raise


def build(added: dict[str, typer.Typer]) -> typer.Typer:
    """Returns the kit's commands with those of `added`: the platform's at the top level, any others in groups."""
    app = typer.Typer(
        cls=WordedGroup,
        callback=with_language(nothing),
        help="help",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
    )
    for own in (
        filings.app,
        results.commands(),
        own_key.commands(),
        attaching.app,
        filings.after_files,
        office.app,
        schemas.app,
    ):
        with_words(own)
        _merge(app, own)
    for name, found in added.items():
        if name == PLATFORM:
            _merge(app, found)
        else:
            app.add_typer(found, name=name)
    return app


def _merge(app: typer.Typer, other: typer.Typer) -> None:
    """Adds the commands of `other` to `app`, also those imported lazily. A group that both have is merged."""
    if isinstance(other.info.cls, type):
        app.info.cls = other.info.cls
    app.registered_commands += other.registered_commands
    own = {_name(group): group.typer_instance for group in app.registered_groups}
    for group in other.registered_groups:
        same = own.get(_name(group))
        if same is None or group.typer_instance is None:
            app.registered_groups.append(group)
        else:
            same.registered_commands += group.typer_instance.registered_commands


def _name(group: Any) -> str:
    return str(group.name or group.typer_instance.info.name)


def _load(entry: EntryPoint) -> typer.Typer | str:
    """Returns the commands of an entry point, or the reason why they can't be loaded."""
    try:
        found = entry.load()
    except Exception as error:  # noqa: BLE001 -- another distribution's module; the kit works without it
        return f"{type(error).__name__}: {error}"
    return found if isinstance(found, typer.Typer) else f"{entry.value} is no typer.Typer"


def _names(app: typer.Typer) -> set[str]:
    return set(getattr(get_command(app), "commands", ()))
