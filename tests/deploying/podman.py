"""Runs podman, and names the image under trial."""

import subprocess
from pathlib import Path
from typing import Final

from tests.programs import program

TAG: Final = "localhost/motcua-tried"


def podman(*words: str | Path) -> str:
    done = subprocess.run((program("podman"), *words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
