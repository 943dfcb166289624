"""The language of a command's output for people: as set by `--lang`, else by LANG, else Vietnamese."""

import inspect
import os
from collections.abc import Callable
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from itertools import pairwise
from typing import Annotated, Any, Final, TypeVar

import typer

from motcua.contract import Text

T = TypeVar("T")


class Language(StrEnum):
    """A language of the catalogue; every sentence exists in each."""

    VI = "vi"
    EN = "en"


_chosen: Final[ContextVar[Language | None]] = ContextVar("language", default=None)


def language() -> Language:
    """Returns the language of this command line."""
    by_system = Language.EN if os.environ.get("LANG", "").startswith("en") else Language.VI
    return _chosen.get() or by_system


def in_words(text: Text) -> str:
    """Returns the text in the language of this command line."""
    return text.en if language() is Language.EN else text.vi


def set_language(arguments: list[str], *, anew: bool) -> None:
    """Sets the language that `--lang` names in these arguments. Without `--lang`, resets the language if `anew`."""
    words = [word for one in arguments for word in one.split("=", 1)]
    named = dict(pairwise(words)).get("--lang")
    if named in set(Language) or anew:
        _chosen.set(Language(named) if named in set(Language) else None)


_Option = Annotated[Language | None, typer.Option("--lang", help="option.lang")]


def with_language(command: Callable[..., T]) -> Callable[..., T]:
    """Returns the command with the option `--lang`. The option is not passed on, since `set_language` has read it."""
    own = inspect.signature(command, eval_str=True)
    if "lang" in own.parameters:  # done before: a group's commands come here again with those of its parent
        return command

    @wraps(command)
    def chosen(*arguments: Any, lang: Language | None = None, **options: Any) -> T:  # noqa: ARG001
        return command(*arguments, **options)

    option = inspect.Parameter("lang", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_Option)
    chosen.__signature__ = own.replace(parameters=[*own.parameters.values(), option])  # type: ignore[attr-defined]
    chosen.__annotations__ = command.__annotations__ | {"lang": _Option}
    return chosen
