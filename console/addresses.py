"""Finds the database's address and the master keys: in the environment, else in the stack of this folder."""

import os
from typing import Final

from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY, MasterKeys, master_keys
from console.home import Home
from motcua.cli.running import STACK, Exit, not_of_stack, refusing
from schemas.translate import said

APPLICATION: Final = "MOTCUA_DATABASE_URL"
OWNER: Final = "MOTCUA_OWNER_DATABASE_URL"


def running_stack() -> dict[str, str]:
    """Returns the settings of the stack that runs in this folder; empty if none runs."""
    return Home(STACK.parents[1]).read_env() or {}


def stack_beside() -> dict[str, str]:
    """Returns the settings of this folder's stack, without those (`not_of_stack`) that the environment replaces."""
    own = not_of_stack()
    return {name: value for name, value in running_stack().items() if not name.startswith(own)}


def find_address(variable: str) -> str | None:
    """Returns an address (or another setting) from the environment, else from the stack in this folder; else None."""
    return os.environ.get(variable) or running_stack().get(variable)


def master_key_at_hand() -> MasterKeys | None:
    """Returns the master keys; None if neither the environment nor a stack in this folder has them."""
    return master_key() if find_address(MASTER_KEY) else None


def master_key() -> MasterKeys:
    """Returns the master keys from the environment, else from the stack in this folder; or ends the command."""
    stack = {} if os.environ.get(MASTER_KEY) else running_stack()
    current, *others = (os.environ.get(name) or stack.get(name, "") for name in (MASTER_KEY, *WITH_MASTER_KEY))
    with refusing(ValueError, Exit.USAGE, said("refused.not_set", name=MASTER_KEY)):
        return master_keys(current, *others)
