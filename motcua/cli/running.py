"""How every command runs: its client, its exit code, and one line instead of a traceback."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.markup import escape

from motcua.cli.language import in_words
from motcua.client import FilingClient
from motcua.configured_speaker import PRINCIPAL
from motcua.contract import Problem, Refusal, Text, beside, said
from motcua.env_file import settings_in
from motcua.errors import FilingClosed, FilingNotAvailable, MotcuaError, NotReady, RefusedError, Unavailable, UnfitError
from motcua.files.store import DamagedFileError, FileNotTakenError, NoStoreError
from motcua.payloads.key_ring import CODEC_KEYS
from motcua.signing.statement import AGENT, KEY, KEY_FILE

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

STACK: Final = Path(".motcua/run/env")
"""The addresses of an embedded stack that runs in this folder."""

_SPEAKING: Final = "MOTCUA_IDENTITY_"
_SPEAKER: Final = frozenset({PRINCIPAL, AGENT, KEY_FILE, KEY})
_OF_TEMPORAL: Final = ("TEMPORAL_", "MOTCUA_INSTALLATION", CODEC_KEYS, _SPEAKING)
_FROM_STACK: Final = (*_OF_TEMPORAL, "MOTCUA_OBJECTS")
SAYS_WHERE: Final = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"})


class Exit(IntEnum):
    """Exit codes of the user half."""

    REFUSED = 1
    USAGE = 2
    NOT_AVAILABLE = 3
    UNREACHABLE = 4


owes_json: Final = ContextVar("owes_json", default=False)
"""Whether standard output still waits for JSON: `--json` stands in the command line, and no answer has been printed."""

WORDS: Final[Mapping[int, str]] = {
    Exit.REFUSED: "refused",
    Exit.USAGE: "wrong_usage",
    Exit.NOT_AVAILABLE: "not_available",
    Exit.UNREACHABLE: "unreachable",
}
"""The `code` of a failure that is no refusal, in JSON."""

_CODES: Final[Mapping[type[MotcuaError], Exit]] = {
    NotReady: Exit.NOT_AVAILABLE,
    RefusedError: Exit.REFUSED,
    FilingClosed: Exit.REFUSED,
    DamagedFileError: Exit.REFUSED,
    FileNotTakenError: Exit.USAGE,
    FilingNotAvailable: Exit.NOT_AVAILABLE,
    NoStoreError: Exit.USAGE,
    UnfitError: Exit.USAGE,
    Unavailable: Exit.UNREACHABLE,
    MotcuaError: Exit.UNREACHABLE,
}
_NAMED: Final[Mapping[type[MotcuaError], str]] = {FilingClosed: "filing_closed", DamagedFileError: "damaged_file"}


def ask(work: Callable[[FilingClient], Coroutine[Any, Any, T]], patience: float) -> T:
    """What `work` returns, given a client. What goes wrong ends the command with its line and its exit code."""

    async def within() -> T:
        async with await FilingClient.connect(patience=patience) as client:
            return await work(client)

    return end_well(within())


def end_well(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns; a `MotcuaError` ends the command."""
    use_stack_here()
    try:
        return asyncio.run(work)
    except MotcuaError as error:
        if isinstance(error, Unavailable) and not SAYS_WHERE & os.environ.keys():
            note(said("refused.no_stack"))
        code = next(code for kind, code in _CODES.items() if isinstance(error, kind))
        fail(str(error), code, _told(error), _words(error))


def _told(error: MotcuaError) -> dict[str, Any]:
    """What a program is told of an error beside its words."""
    if isinstance(error, RefusedError):
        return error.refusal.model_dump(mode="json")
    if isinstance(error, UnfitError):
        return {"problems": [plain(problem) for problem in error.problems]}
    if isinstance(error, FileNotTakenError):
        return {"code": "file_not_taken", "problems": [plain(error.problem)]}
    return next(({"code": name} for kind, name in _NAMED.items() if isinstance(error, kind)), {})


def _words(error: MotcuaError) -> str | None:
    """Each problem on a line of its own. None where there is no problem."""
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
    """How the names begin of what is not taken from an embedded stack in this folder.

    Where the environment names a Temporal, nothing that speaks of one; where it says who speaks, nothing of who does.
    """
    elsewhere = _OF_TEMPORAL if SAYS_WHERE & os.environ.keys() else ()
    return (*elsewhere, _SPEAKING) if _SPEAKER & os.environ.keys() else elsewhere


def use_stack_here() -> None:
    """Beside a running embedded stack, take its addresses, but for what the environment says itself."""
    if not STACK.is_file():
        return
    try:
        stack = settings_in(STACK.read_text(encoding="utf-8"))
    except ValueError:
        fail(said("cli.unreadable"), Exit.USAGE, detail=STACK)
    own = not_of_stack()
    for key, value in stack.items():
        if key.startswith(_FROM_STACK) and not key.startswith(own):
            os.environ.setdefault(key, value)


def parse(model: type[M], value: Any, *, extra: Literal["forbid", "allow"] = "forbid") -> M:
    """`value` as `model`; what does not fit ends the command, place by place."""
    try:
        return model.model_validate(value, extra=extra)
    except ValidationError as error:
        unfit = UnfitError(model.__name__, error)
        for wrong in unfit.problems:
            note(problem_line(wrong.model_copy(update={"field": wrong.field or "input"})))
        fail(said("refused.unfit", model=model.__name__, mistakes=len(unfit.problems)), Exit.USAGE, _told(unfit))


def read_json(text: str, what: str) -> dict[str, Any]:
    """`text` as a JSON object, or the end of the command."""
    try:
        value = json.loads(text)
    except ValueError as error:
        fail(said("refused.no_json", name=what), Exit.USAGE, detail=error)
    if not isinstance(value, dict):
        fail(said("refused.no_object", name=what), Exit.USAGE)
    return value


def read_file(path: str) -> str:
    """The text of a file, of standard input for `-`, or the end of the command."""
    try:
        if path == "-":
            return typer.get_text_stream("stdin").read()
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(
            said("refused.not_read", file=path),
            Exit.USAGE,
            detail=getattr(error, "strerror", None) or said("refused.no_utf8"),
        )


def write_file(path: Path, data: bytes) -> None:
    """Write a file, or end the command."""
    with refusing(OSError, Exit.USAGE, said("refused.not_written", file=path), strerror):
        path.write_bytes(data)


def print_json(value: Any) -> None:
    """Print `value` as JSON: the one answer of the command, also if it fails after that."""
    owes_json.set(False)
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def plain(model: BaseModel) -> Any:
    """`model` as plain data."""
    return model.model_dump(mode="json", exclude_none=True)


def out() -> Console:
    """Where words for people go."""
    return Console(soft_wrap=True, highlight=False, emoji=False)


def note(message: Text | str, detail: object = None) -> None:
    """Print a line beside the output, with a `detail` behind it."""
    _print_beside(escape(_line(message, detail, in_words)))


def fail(
    message: Text | str,
    code: Exit,
    told: Mapping[str, Any] | None = None,
    words: str | None = None,
    *,
    detail: object = None,
) -> NoReturn:
    """End the command with one line and a `detail` behind it, for people in other `words` where there are any.

    With `--json` standard output has it too, a text in both languages, and what is `told` beside.
    """
    _print_beside(f"[red]{escape(words or _line(message, detail, in_words))}[/]")
    say_failure(_line(message, detail, beside), code, told)
    raise typer.Exit(code)


def _line(message: Text | str, detail: object, words: Callable[[Text], str]) -> str:
    parts = [part for part in (message, detail) if part is not None]
    return ": ".join(words(part) if isinstance(part, Text) else str(part) for part in parts)


def _print_beside(markup: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, emoji=False).print(markup)


def problem_line(one: Problem) -> str:
    """A problem in words: where it is, what is wrong, and its rule."""
    return f"{one.field}: {in_words(one.message)} [{one.rule}]".removeprefix(": ")


@contextmanager
def refusing(
    kinds: type[Exception] | tuple[type[Exception], ...],
    code: Exit,
    why: Text | str | None = None,
    detail: Callable[[Any], object] | None = str,
) -> Iterator[None]:
    """An error of these kinds ends the command: with `why` and the `detail` of it, by default its words."""
    try:
        yield
    except kinds as error:
        behind = None if detail is None else detail(error)
        fail(str(behind) if why is None else why, code, detail=None if why is None else behind)


def kind_of(error: Exception) -> str:
    """What is said of an error whose words may hold too much."""
    return type(error).__name__


def strerror(error: OSError) -> str | None:
    """What the system says of an error, without the path."""
    return error.strerror


def exit_if(wrong: object, code: Exit = Exit.REFUSED) -> None:
    """End the command without another word if something is."""
    if wrong:
        raise typer.Exit(code)


def there(found: T | None, missing: Text) -> T:
    """What was found, or the end of the command."""
    if found is None:
        fail(missing, Exit.NOT_AVAILABLE)
    return found


def refuse(refusal: Refusal) -> NoReturn:
    """End the command with what was refused, a line for each problem."""
    words = "\n".join(f"{in_words(one.message)} [{one.rule}]" for one in refusal.problems)
    message = "; ".join(one.message.en for one in refusal.problems)
    fail(message, Exit.REFUSED, refusal.model_dump(mode="json"), words)


def say_failure(message: str, code: int, told: Mapping[str, Any] | None = None) -> None:
    """Where JSON is still waited for, print why the command ends, as one line of it."""
    if owes_json.get():
        failure = {"code": WORDS.get(code, "failed"), "message": message} | dict(told or {})
        typer.echo(json.dumps(failure, ensure_ascii=False))
