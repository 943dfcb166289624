"""Typst with reproducible output: the same content gives the same bytes. Each template has one compiler, kept ready."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

STANDARD: Final = "a-2a"
"""The PDF standard requested from typst, which then rejects missing glyphs. The file's claim to it is removed."""

_IN_METADATA: Final = re.compile(
    rb'<pdfaExtension:schemas>.*?</pdfaExtension:schemas>|<pdfaid:(\w+)>[^<]*</pdfaid:\1>|xmlns:pdfa\w+="[^"]*"',
    re.DOTALL,
)
_IN_CATALOG: Final = re.compile(rb"/OutputIntents \d+ 0 R")
_INTENT: Final = re.compile(rb"/DestOutputProfile \d+ 0 R/S/GTS_PDFA1")

FONTS: Final = str(Path(__file__).parent / "fonts")
"""The fonts of papers and forms; no others are used."""
_MISSING: Final = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)


class MissingGlyphsError(Exception):
    """The fonts lack these `letters`. The message does not quote the text with them, since it may be personal."""

    def __init__(self, letters: str) -> None:
        super().__init__("the fonts lack a glyph")
        self.letters = frozenset(letters)


class Typesetter:
    """Typesets content by a template."""

    def __init__(self, template: Path) -> None:
        import typst  # noqa: PLC0415 -- 13 MB with its fonts, only where something is printed

        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
        self._compiler = typst.Compiler(str(template), root=str(template.parent), font_paths=fonts)
        self._alone = Lock()
        """The lock of the compiler, which works in one thread at a time. A page takes 10 ms."""

    def set(self, content: Mapping[str, Any], at: datetime) -> bytes:
        """Returns a tagged PDF, created at `at`. Raises `MissingGlyphsError`, `typst.TypstError`."""
        import typst  # noqa: PLC0415 -- as above

        data = json.dumps(content, ensure_ascii=False)
        moment = at.astimezone(UTC).replace(microsecond=0)
        try:
            with self._alone:
                made = self._compiler.compile(sys_inputs={"data": data}, timestamp=moment, pdf_standards=STANDARD)
        except typst.TypstError as error:
            missing = _MISSING.findall(error.diagnostic)
            if not missing:
                raise
            raise MissingGlyphsError("".join(missing)) from None
        if not isinstance(made, bytes):
            raise TypeError("typst makes one file of a template")
        return unclaimed(made)


@cache
def typesetter_of(template: Path) -> Typesetter:
    """Returns the typesetter of this template file. The process has one for each file."""
    return Typesetter(template)


def unclaimed(file: bytes) -> bytes:
    """Returns typst's file without its claim to be PDF/A. Spaces overwrite the claim, so that no offset changes."""
    blank = bytearray(file)
    intent, metadata = file.find(b"<</Type/OutputIntent"), file.rfind(b"<?xpacket begin")
    catalog = file.rfind(b"<</Type/Catalog")
    for pattern, start, end in (
        (_INTENT, intent, file.find(b"endobj", intent)),
        (_IN_METADATA, metadata, file.find(b"<?xpacket end", metadata)),
        (_IN_CATALOG, catalog, file.find(b"endobj", catalog)),
    ):
        for found in pattern.finditer(file, start, end):
            blank[slice(*found.span())] = b" " * len(found.group())
    return bytes(blank)
