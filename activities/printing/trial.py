"""Finds faults of a template: tries it on the shortest and the longest sheet of its kind, in a separate process.

This module is also the program of that process: its input is a template and sheets, its output the faults, both in
JSON.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
import zxingcpp

from activities.printing.templates import content_of, typesetter
from activities.printing.typesetter import MissingGlyphsError
from schemas.base import Model
from schemas.papers.sheet import PaperSheet, ResultSheet, texts_of

PATIENCE: Final = 60.0
"""The seconds that a template may take; a page of the standard template takes 10 ms."""

_ROOT: Final = Path(__file__).parents[2]
_AT: Final = datetime(2026, 11, 27, 3, tzinfo=UTC)
_LINE: Final = re.compile(r"template\.typ:([0-9]+):[0-9]+")
_REACHES_OUT: Final = re.compile(r'\b(?:import\b(?!\s*"/parts\.typ")|include\b|eval\b|plugin\b)')
_PIXELS: Final = 200 / 72
_SEARCHED: Final = re.compile(r" \(searched at [^)]*\)")
_PIECE: Final = 8
_TOLD: Final = 3
_LETTERS: Final = 40
"""The maximum length of a missing text in a fault; `_TOLD` is the maximum number of such texts."""


class Fault(NamedTuple):
    """A fault of a template: its rule, its line, and a detail. The line is None if it is unknown."""

    rule: str
    line: int | None = None
    detail: str = ""


class Trial(Model):
    """A template, and the sheets on which it is tried."""

    template: str
    sheets: tuple[PaperSheet | ResultSheet, ...]


def faults(trial: Trial) -> list[Fault]:
    """Returns the faults of a template, tried in a separate process, which is killed after `PATIENCE`."""
    lines = enumerate(trial.template.splitlines(), 1)
    if outside := [Fault("template_reaches_out", number) for number, line in lines if _REACHES_OUT.search(line)]:
        return outside
    command, said = (sys.executable, "-m", "activities.printing.trial"), trial.model_dump_json().encode()
    try:
        told = subprocess.run(command, input=said, capture_output=True, check=True, cwd=_ROOT, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return [Fault("template_without_end")]
    return [Fault(*fault) for fault in json.loads(told.stdout)]


def tried(trial: Trial) -> list[Fault]:
    """Returns the faults of a template, tried in this process."""
    import typst  # noqa: PLC0415 -- not in the processes that only call `faults`

    found: list[Fault] = []
    for sheet in trial.sheets:
        try:
            made = typesetter(trial.template).set(content_of(sheet), _AT)
        except MissingGlyphsError:
            return [Fault("template_unprintable")]
        except typst.TypstError as error:
            place = _LINE.search(error.diagnostic)
            line = None if place is None else int(place[1])
            return [Fault("template_broken", line, _SEARCHED.sub("", error.message))]
        found += _lost(sheet, made)
    return list(dict.fromkeys(found))


def _lost(sheet: PaperSheet | ResultSheet, made: bytes) -> Iterator[Fault]:
    """Yields a fault for each required text or code that is missing on the paper or unreadable."""
    document = pdfium.PdfDocument(made)
    text = _squeezed("".join(page.get_textpage().get_text_range() for page in document))
    if isinstance(sheet, ResultSheet):
        own: tuple[object, ...] = (sheet.holder.name, sheet.number)
        codes = set[str | None]()
    else:
        own = (sheet.body, sheet.law, sheet.waybill)
        codes = {sheet.tracking, sheet.waybill} - {None}
    wanted = texts_of((sheet.code, sheet.title, sheet.dated, sheet.issuer.name, *own))
    lost = dict.fromkeys(said[:_LETTERS] for _, said in wanted if not _stands(_squeezed(said), text))
    if lost:
        yield Fault("template_loses", detail="; ".join(list(lost)[:_TOLD]))
    scanned = {found for page in document for found in _codes(page)}
    if not codes <= scanned:
        yield Fault("template_without_code")


def _stands(said: str, text: str) -> bool:
    """Returns whether the paper's `text` contains `said`, either whole or in two pieces (a page may end within it)."""
    cuts = range(_PIECE, len(said) - _PIECE + 1)
    return said in text or any(said[:cut] in text and said[cut:] in text for cut in cuts)


def _squeezed(text: str) -> str:
    """Returns the text without spaces and in lower case, since line breaks and capitals are the template's choice."""
    return "".join(text.split()).replace("\ufffe", "").casefold()


def _codes(page: pdfium.PdfPage) -> Iterator[str]:
    picture = page.render(scale=_PIXELS, grayscale=True)
    pixels = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
    return (found.text for found in zxingcpp.read_barcodes(pixels))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(tried(Trial.model_validate_json(sys.stdin.buffer.read()))))
