"""Runs commands: makes the client, sets the exit code, and prints one line of error instead of a traceback."""

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, TypeVar
from uuid import UUID

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console

from motcua.cli.language import in_words
from motcua.client import FilingClient
from motcua.configured_speaker import PRINCIPAL
from motcua.contract import Problem, Refusal, Text, beside, said
from motcua.env_file import settings_in
from motcua.errors import (
    FilingClosed,
    FilingNotAvailable,
    MotcuaError,
    NotReady,
    RefusedError,
    SettingsError,
    Unavailable,
    UnfitError,
)
from motcua.files.store import DamagedFileError, FileNotTakenError, NoStoreError
from motcua.payloads.key_ring import CODEC_KEYS
from motcua.signing import AGENT, KEY, KEY_FILE

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

STACK: Final = Path(".motcua/run/env")
"""File with the addresses of the embedded stack that runs in this folder."""

_SPEAKING: Final = "MOTCUA_IDENTITY_"
_SPEAKER: Final = frozenset({PRINCIPAL, AGENT, KEY_FILE, KEY})
_OF_TEMPORAL: Final = ("TEMPORAL_", "MOTCUA_INSTALLATION", CODEC_KEYS, _SPEAKING)
SAYS_WHERE: Final = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"})


class Exit(IntEnum):
    """Exit codes of the kit's commands."""

    REFUSED = 1
    USAGE = 2
    NOT_AVAILABLE = 3
    UNREACHABLE = 4


owes_json: Final = ContextVar("owes_json", default=False)
"""True while `--json` is given and no JSON has been printed on standard output."""

WORDS: Final[Mapping[int, str]] = {
    Exit.REFUSED: "refused",
    Exit.USAGE: "wrong_usage",
    Exit.NOT_AVAILABLE: "not_available",
    Exit.UNREACHABLE: "unreachable",
}
"""The `code` of a failure in JSON, by exit code; an error may set another `code`."""

_CODES: Final[Mapping[type[MotcuaError], Exit]] = {
    NotReady: Exit.NOT_AVAILABLE,
    RefusedError: Exit.REFUSED,
    FilingClosed: Exit.REFUSED,
    DamagedFileError: Exit.REFUSED,
    FileNotTakenError: Exit.USAGE,
    FilingNotAvailable: Exit.NOT_AVAILABLE,
    NoStoreError: Exit.USAGE,
    UnfitError: Exit.USAGE,
    SettingsError: Exit.USAGE,
    Unavailable: Exit.UNREACHABLE,
    MotcuaError: Exit.UNREACHABLE,
}
_NAMED: Final[Mapping[type[MotcuaError], str]] = {FilingClosed: FilingClosed.code, DamagedFileError: "damaged_file"}


def ask(work: Callable[[FilingClient], Coroutine[Any, Any, T]], patience: float) -> T:
    """Returns the result of `work`, called with a client. A `MotcuaError` ends the command with its exit code."""

    async def within() -> T:
        async with await FilingClient.connect(patience=patience) as client:
            return await work(client)

    return end_well(within())


def end_well(work: Coroutine[Any, Any, T]) -> T:
    """Returns the result of `work`; a `MotcuaError` ends the command."""
    use_stack_here()
    try:
        return asyncio.run(work)
    except MotcuaError as error:
        if isinstance(error, Unavailable) and not SAYS_WHERE & os.environ.keys():
            note(said("refused.no_stack"))
        code = next(code for kind, code in _CODES.items() if isinstance(error, kind))
        fail(str(error), code, _error_fields(error), _words(error))


def _error_fields(error: MotcuaError) -> dict[str, Any]:
    """Returns the JSON fields of an error, besides its message."""
    if isinstance(error, RefusedError):
        return error.refusal.model_dump(mode="json")
    if isinstance(error, UnfitError):
        return {"problems": [plain(problem) for problem in error.problems]}
    if isinstance(error, FileNotTakenError):
        return {"code": "file_not_taken", "problems": [plain(error.problem)]}
    return next(({"code": name} for kind, name in _NAMED.items() if isinstance(error, kind)), {})


def _words(error: MotcuaError) -> str | None:
    """Returns an error's problems, each on its own line, and the commands allowed now; None for other errors."""
    match error:
        case RefusedError(refusal=refusal):
            problems, allowed = refusal.problems, refusal.allowed
        case FileNotTakenError(problem=one):
            problems, allowed = (one,), ()
        case _:
            return None
    lines = [*map(problem_line, problems)]
    if allowed:
        lines.append(f"{in_words(said('cli.allowed_now'))}: {', '.join(allowed)}")
    return "\n".join(lines)


def not_of_stack() -> tuple[str, ...]:
    """Returns the prefixes of settings that are not taken from an embedded stack in this folder.

    If the environment has an address of Temporal, these are all prefixes for Temporal and the identity; else, if the
    environment sets an identity, the prefix for the identity.
    """
    elsewhere = _OF_TEMPORAL if SAYS_WHERE & os.environ.keys() else ()
    return (*elsewhere, _SPEAKING) if _SPEAKER & os.environ.keys() else elsewhere


def use_stack_here() -> None:
    """Uses the addresses of an embedded stack that runs in this folder. Settings of the environment have priority."""
    if not STACK.is_file():
        return
    try:
        stack = settings_in(STACK.read_text(encoding="utf-8"))
    except ValueError:
        fail(said("cli.unreadable"), Exit.USAGE, detail=STACK)
    own = not_of_stack()
    for key, value in stack.items():
        if key.startswith((*_OF_TEMPORAL, "MOTCUA_OBJECTS")) and not key.startswith(own):
            os.environ.setdefault(key, value)


def parse(model: type[M], value: Any, *, extra: Literal["forbid", "allow"] = "forbid") -> M:
    """Returns `value` as `model`; if it does not fit, prints each problem and ends the command."""
    try:
        return model.model_validate(value, extra=extra)
    except ValidationError as error:
        unfit = UnfitError(model.__name__, error)
        for wrong in unfit.problems:
            note(problem_line(wrong.model_copy(update={"field": wrong.field or "input"})))
        fail(
            said("refused.unfit", model=model.__name__, mistakes=len(unfit.problems)), Exit.USAGE, _error_fields(unfit)
        )


def read_json(text: str, what: str) -> dict[str, Any]:
    """Returns the JSON object in `text`; ends the command if there is none. `what`: the text's name in the error."""
    try:
        value = json.loads(text)
    except ValueError as error:
        fail(said("refused.no_json", name=what), Exit.USAGE, detail=error)
    if not isinstance(value, dict):
        fail(said("refused.no_object", name=what), Exit.USAGE)
    return value


def read_file(path: str) -> str:
    """Returns the text of a file, or of standard input for `-`; ends the command if it can't be read."""
    try:
        if path == "-":
            return typer.get_text_stream("stdin").read()
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        detail = getattr(error, "strerror", None) or said("refused.no_utf8")
        fail(said("refused.not_read", file=path), Exit.USAGE, detail=detail)


def write_file(path: Path, data: bytes) -> None:
    """Writes a file; ends the command if that fails."""
    with refusing(OSError, Exit.USAGE, said("refused.not_written", file=path), strerror):
        path.write_bytes(data)


def print_json(value: Any) -> None:
    """Prints `value` as JSON. The command prints no other JSON afterwards, even if it fails later."""
    owes_json.set(False)
    typer.echo(json_text(value))


def json_text(value: Any) -> str:
    """Returns `value` as indented JSON: a model without its None fields, dates in ISO 8601, ids and paths as texts."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=_in_json)


def _in_json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return plain(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, UUID | Path):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


def plain(model: BaseModel) -> Any:
    """Returns `model` as plain data, without fields that are None."""
    return model.model_dump(mode="json", exclude_none=True)


def out() -> Console:
    """Returns a console on standard output, for people."""
    return Console(soft_wrap=True, highlight=False, emoji=False)


def note(message: Text | str, detail: object = None) -> None:
    """Prints a line on standard error: `message: detail`."""
    _print_beside(_line(message, detail, in_words))


def fail(
    message: Text | str,
    code: Exit,
    told: Mapping[str, Any] | None = None,
    words: str | None = None,
    *,
    detail: object = None,
) -> NoReturn:
    """Ends the command. Prints one line, `message: detail`, or `words` for people if given.

    With `--json`, standard output gets that line as JSON, in both languages, with the fields in `told`.
    """
    _print_beside(words or _line(message, detail, in_words), "red")
    if code is Exit.UNREACHABLE:
        _tell_outage()
    say_failure(_line(message, detail, beside), code, told)
    raise typer.Exit(code)


def _tell_outage() -> None:
    """Prints the planned outage, if one is announced: the outage may be why the platform does not answer."""
    from motcua.calls.outage import OUTAGE, announced  # noqa: PLC0415 -- what reads addresses is slow to load

    with suppress(SettingsError):  # `motcua doctor` reports an announcement that can't be read
        if (found := announced(os.environ.get(OUTAGE))) is not None:
            note(found.line)


def _line(message: Text | str, detail: object, words: Callable[[Text], str]) -> str:
    parts = [part for part in (message, detail) if part is not None]
    return ": ".join(words(part) if isinstance(part, Text) else str(part) for part in parts)


def _print_beside(words: str, style: str = "") -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, emoji=False).print(words, style=style, markup=False)


def problem_line(one: Problem) -> str:
    """Returns a problem in words: its field, its message and its rule."""
    return f"{one.field}: {in_words(one.message)} [{one.rule}]".removeprefix(": ")


class WorkRefusedError(Exception):
    """Raised by a command's work that must not go on (another run under way, wrong master key).

    The message is for people.
    """


@contextmanager
def refusing(
    kinds: type[Exception] | tuple[type[Exception], ...],
    code: Exit,
    why: Text | str | None = None,
    detail: Callable[[Any], object] | None = str,
) -> Iterator[None]:
    """Ends the command if the block raises an error of these kinds: prints `why`, if any, and the error's `detail`.

    For a setting or key that can't be used (`SettingsError`), the exit code is `Exit.USAGE` instead of `code`.
    """
    try:
        yield
    except kinds as error:
        if isinstance(error, SettingsError):
            fail(str(error), Exit.USAGE)
        behind = None if detail is None else detail(error)
        fail(str(behind) if why is None else why, code, detail=None if why is None else behind)


def kind_of(error: Exception) -> str:
    """Returns an error's type name, to print if the error's message may contain secrets or personal data."""
    return type(error).__name__


def strerror(error: OSError) -> str | None:
    """Returns the system's message of an error, without the path."""
    return error.strerror


def exit_if(wrong: object, code: Exit = Exit.REFUSED) -> None:
    """Ends the command with the exit code `code`, without a message, if `wrong` is true."""
    if wrong:
        raise typer.Exit(code)


def there(found: T | None, missing: Text) -> T:
    """Returns `found`; ends the command with the error `missing` if `found` is None."""
    if found is None:
        fail(missing, Exit.NOT_AVAILABLE)
    return found


def refuse(refusal: Refusal) -> NoReturn:
    """Ends the command with a refusal, a line for each problem."""
    words = "\n".join(f"{in_words(one.message)} [{one.rule}]" for one in refusal.problems)
    message = "; ".join(one.message.en for one in refusal.problems)
    fail(message, Exit.REFUSED, refusal.model_dump(mode="json"), words)


def say_failure(message: str, code: int, told: Mapping[str, Any] | None = None) -> None:
    """Prints the failure as one line of JSON, if the command must print JSON and has printed none."""
    if owes_json.get():
        failure = {"code": WORDS.get(code, "failed"), "message": message} | dict(told or {})
        typer.echo(json.dumps(failure, ensure_ascii=False, default=_in_json))
