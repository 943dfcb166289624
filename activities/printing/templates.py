"""The templates of papers: the standard one, or an agency's replacement."""

import hashlib
import shutil
import tempfile
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from activities.printing.typesetter import Typesetter

_HERE: Final = Path(__file__).parent
_PARTS: Final = _HERE / "parts.typ"
_STANDARD: Final = _HERE / "paper.typ"
_KEPT: Final = 32
"""Number of templates whose compilers are cached."""


def version_of(template: str | None = None) -> str:
    """Returns the SHA-256 of this template text, or of the standard template, together with the shared parts."""
    text = standard() if template is None else template
    return hashlib.sha256(f"{_parts_sha256()}\n{text}".encode()).hexdigest()


@lru_cache(_KEPT)
def typesetter(template: str | None = None) -> Typesetter:
    """Returns the typesetter of the standard template, or of this text, which may import only `/parts.typ`."""
    if template is None:
        return Typesetter(_STANDARD)
    folder = Path(tempfile.mkdtemp(dir=_folder().name))
    shutil.copyfile(_PARTS, folder / _PARTS.name)
    file = folder / "template.typ"
    file.write_text(template, encoding="utf-8")
    return Typesetter(file)


@cache
def standard() -> str:
    """Returns the text of the standard template, for agencies without their own."""
    return _STANDARD.read_text(encoding="utf-8")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Returns this process's folder of agencies' templates, since the compiler reads only files."""
    return tempfile.TemporaryDirectory(prefix="motcua-templates-")


@cache
def _parts_sha256() -> str:
    return hashlib.sha256(_PARTS.read_bytes()).hexdigest()
