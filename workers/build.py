"""The id of this build of the platform: its code, its dependencies, and its Python."""

import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

CODE: Final = ("workflows", "rules", "schemas", "activities")
LOCK: Final = "requirements.lock"
_ROOT: Final = Path(__file__).parents[1]
_DIGITS: Final = 12


@cache
def own_build() -> str:
    """Returns the id of this process's build, for processes without `MOTCUA_BUILD`."""
    return build_of(_ROOT)


def build_of(root: Path) -> str:
    """Returns the build id of a checkout: the first digits of a digest of everything on which a replay depends."""
    digest = sha256(sys.version.encode())
    files = [file for room in CODE for file in sorted((root / room).rglob("*.py"))]
    for file in (*files, *root.glob(LOCK)):
        digest.update(f"\n{file.relative_to(root).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:_DIGITS]
