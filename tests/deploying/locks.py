"""The packages that a lock pins."""

import re
from pathlib import Path


def locked(file: Path) -> set[tuple[str, str]]:
    """Returns the names and versions that a lock pins."""
    return set(re.findall(r"^([a-z0-9.-]+)==(\S+)", file.read_text("utf-8"), re.MULTILINE))
