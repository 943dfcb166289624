"""Why a file is not put into the object store, and what to do. A file's name and its path are personal: never said."""

from __future__ import annotations

from typing import Any

from .contract import Problem, problem
from .errors import MotcuaError


class FileNotTakenError(MotcuaError):
    """The file can't be one of the filing's. Nothing was stored.

    Attributes:
        problem: The rule, and what to do, in `vi` and `en`.
    """

    def __init__(self, found: Problem) -> None:
        super().__init__(f"{found.field}: {found.message.en} [{found.rule}]")
        self.problem = found


def not_taken(rule: str, **values: Any) -> FileNotTakenError:
    """The error of this rule, in the words of that name."""
    return FileNotTakenError(problem("file", rule, **values))
