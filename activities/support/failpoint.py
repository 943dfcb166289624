"""Points in the code where a test can kill the process. They do nothing unless `MOTCUA_FAILPOINTS` names a folder."""

import os
import signal
from pathlib import Path


def failpoint(name: str) -> None:
    """Kills the process by SIGKILL, once, if the failpoints' folder contains a file of this name."""
    folder = os.environ.get("MOTCUA_FAILPOINTS")
    if folder and (armed := Path(folder, name)).exists():
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
