"""The database address of the record: from the environment, else from the stack that runs in this folder."""

import os
from typing import Final

from console.home import Home
from motcua.cli.running import STACK, not_of_stack

APPLICATION: Final = "MOTCUA_DATABASE_URL"
OWNER: Final = "MOTCUA_OWNER_DATABASE_URL"


def running_stack() -> dict[str, str]:
    """Returns the settings of the stack that runs in this folder; empty if none runs."""
    return Home(STACK.parents[1]).read_env() or {}


def stack_beside() -> dict[str, str]:
    """Returns the settings that a process takes from the stack in this folder.

    It omits each group of settings that the environment provides, such as Temporal's.
    """
    own = not_of_stack()
    return {name: value for name, value in running_stack().items() if not name.startswith(own)}


def find_address(variable: str) -> str | None:
    """Returns the database's address from the environment, else from the stack in this folder; None without both."""
    return os.environ.get(variable) or running_stack().get(variable)
