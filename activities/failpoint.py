"""Places where a test lets the process die. Nothing happens unless `MOTCUA_FAILPOINTS` names a folder."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

_FOLDER: Final = os.environ.get("MOTCUA_FAILPOINTS")


def failpoint(name: str) -> None:
    """Die by SIGKILL, once, if the folder of failpoints holds a file of this name."""
    if _FOLDER is None:
        return
    armed = Path(_FOLDER, name)
    if armed.exists():
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
