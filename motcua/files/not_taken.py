"""The reasons why a file is not stored, and the remedies.

No message contains a file name or path: they are personal.
"""

from typing import Any

from motcua.contract import Problem, problem
from motcua.errors import MotcuaError


class FileNotTakenError(MotcuaError):
    """The file can't be attached to the filing. Nothing was stored.

    Attributes:
        problem: The rule, and the remedy in `vi` and `en`.
    """

    def __init__(self, found: Problem) -> None:
        super().__init__(f"{found.field}: {found.message.en} [{found.rule}]")
        self.problem = found


def not_taken(rule: str, **values: Any) -> FileNotTakenError:
    """Returns the error for a rule, with the rule's sentence from the catalogue."""
    return FileNotTakenError(problem("file", rule, **values))
