"""The master keys that a command uses."""

import os

from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY, MasterKeys, master_keys
from console.addresses import running_stack
from motcua.cli.running import Exit, refusing
from schemas.translate import said


def master_key_at_hand() -> MasterKeys | None:
    """Returns the master keys; None if neither the environment nor a stack in this folder has them."""
    return master_key() if os.environ.get(MASTER_KEY) or running_stack().get(MASTER_KEY) else None


def master_key() -> MasterKeys:
    """Returns the master keys from the environment, else from the stack in this folder; or ends the command."""
    stack = {} if os.environ.get(MASTER_KEY) else running_stack()
    current, *others = (os.environ.get(name) or stack.get(name, "") for name in (MASTER_KEY, *WITH_MASTER_KEY))
    with refusing(ValueError, Exit.USAGE, said("refused.not_set", name=MASTER_KEY)):
        return master_keys(current, *others)
