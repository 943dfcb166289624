"""The templates of papers: the one of every agency, or what an agency has put in its place."""

from __future__ import annotations

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
"""Templates whose compilers are kept."""


def version_of(template: str | None = None) -> str:
    """SHA-256 of a template together with what it is put together of: of the standard one, or of this text."""
    text = standard() if template is None else template
    return hashlib.sha256(f"{_parts_sha256()}\n{text}".encode()).hexdigest()


@lru_cache(_KEPT)
def typesetter(template: str | None = None) -> Typesetter:
    """What sets papers by the standard template, or by this text, which may import `/parts.typ` and no other file."""
    if template is None:
        return Typesetter(_STANDARD)
    folder = Path(tempfile.mkdtemp(dir=_folder().name))
    shutil.copyfile(_PARTS, folder / _PARTS.name)
    file = folder / "template.typ"
    file.write_text(template, encoding="utf-8")
    return Typesetter(file)


@cache
def standard() -> str:
    """The text of the template that every agency prints by which has none of its own."""
    return _STANDARD.read_text(encoding="utf-8")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where templates lie that are not ours, as long as this process lives: a compiler reads files."""
    return tempfile.TemporaryDirectory(prefix="motcua-templates-")


@cache
def _parts_sha256() -> str:
    return hashlib.sha256(_PARTS.read_bytes()).hexdigest()
