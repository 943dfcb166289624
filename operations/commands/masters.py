"""The master keys that a command works with."""

from __future__ import annotations

import os

from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY, MasterKeys, master_keys
from motcua.cli.running import Exit, fail
from operations.addresses import running_stack


def master_key_at_hand() -> MasterKeys | None:
    """The same; None where none is set and no stack runs in this folder."""
    return master_key() if os.environ.get(MASTER_KEY) or running_stack().get(MASTER_KEY) else None


def master_key() -> MasterKeys:
    """The master keys from the environment, else from the stack in this folder, or the end of the command."""
    stack = {} if os.environ.get(MASTER_KEY) else running_stack()
    current, *others = (os.environ.get(name) or stack.get(name, "") for name in (MASTER_KEY, *WITH_MASTER_KEY))
    try:
        return master_keys(current, *others)
    except ValueError as error:
        fail(
            f"đặt {MASTER_KEY}, hoặc chạy `motcua up` ở thư mục này / "
            f"set {MASTER_KEY}, or run `motcua up` in this folder: {error}",
            Exit.USAGE,
        )
