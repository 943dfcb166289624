"""Where the record is: the environment says, else the stack that runs in this folder."""

from __future__ import annotations

import os
from typing import Final

from motcua.cli.running import STACK, not_of_stack
from operations.home import Home

APPLICATION: Final = "MOTCUA_DATABASE_URL"
OWNER: Final = "MOTCUA_OWNER_DATABASE_URL"


def running_stack() -> dict[str, str]:
    """The addresses of the stack that runs in this folder; none if none does."""
    return Home(STACK.parents[1]).read_env() or {}


def stack_beside() -> dict[str, str]:
    """What the stack of this folder gives a process: all, but for what the environment says as a whole itself."""
    own = not_of_stack()
    return {name: value for name, value in running_stack().items() if not name.startswith(own)}


def find_address(variable: str) -> str | None:
    """The database's address from the environment, else from the stack in this folder, if there is one."""
    return os.environ.get(variable) or running_stack().get(variable)
