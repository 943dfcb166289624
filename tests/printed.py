"""Reads a printed PDF with other tools: its text with poppler and pdfium, its codes with a scanner, its margins."""

import re
import subprocess
import sys
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pikepdf
import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
import zxingcpp
from pydantic import BaseModel

from tests.conftest import ROOT
from tests.programs import program

POINTS = 72 / 25.4


class Margins(NamedTuple):
    """The empty margins of a page on each side, in millimetres."""

    left: float
    right: float
    top: float
    bottom: float


def pages(made: bytes) -> list[pdfium.PdfPage]:
    return list(pdfium.PdfDocument(made))


def outside(page: pdfium.PdfPage, margins: Margins) -> list[str]:
    """Returns the visible characters outside the margins; `margins.top` must leave room for accents above letters."""
    text = page.get_textpage()
    width, height = page.get_size()
    found = []
    for n in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(n)
        within = left > margins.left * POINTS and right < width - margins.right * POINTS
        upright = bottom > margins.bottom * POINTS and top < height - margins.top * POINTS
        if right > left and not (within and upright):
            found.append(text.get_text_range(n, 1))
    return [char for char in found if not char.isspace()]


def gap_of_foot(page: pdfium.PdfPage) -> float:
    """Returns the millimetres between the rule of the footer and the highest mark of the text below it."""
    dpi = 600
    picture = page.render(scale=dpi / 72, grayscale=True)
    pixels, stride = bytes(picture.buffer), picture.stride
    rows = (pixels[n * stride : (n + 1) * stride] for n in range(picture.height))
    dark = [sum(pixel < 160 for pixel in row) for row in rows]
    rule = max(n for n, count in enumerate(dark) if count > picture.width / 2)
    blank = next(n for n, count in enumerate(dark[rule + 1 :]) if count)
    return blank / dpi * 25.4


def codes(page: pdfium.PdfPage, dpi: int) -> dict[str, str]:
    """Returns the barcodes that a scanner reads on a page: the content by kind of code."""
    picture = page.render(scale=dpi / 72, grayscale=True)
    pixels = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
    return {str(found.format): found.text for found in zxingcpp.read_barcodes(pixels)}


def raw_text(made: bytes, foot: str) -> str:
    """Returns the text as poppler reads it, without each page's footer, which begins at the pattern `foot`."""
    command = [program("pdftotext"), "-raw", "-", "-"]
    told = subprocess.run(command, input=made, capture_output=True, check=True, timeout=60).stdout.decode()
    texts = (re.sub(f"{foot}.*", "", page, flags=re.DOTALL) for page in told.split("\f"))
    return " ".join(" ".join(texts).split())


def overlapping(page: pdfium.PdfPage, shifted: float = 0.0) -> list[str]:
    """Returns overlapping text: pairs of characters that share more than a third of the smaller one.

    `shifted` moves half of the characters down by this number of points, to prove that an overlap is found.
    """
    text = page.get_textpage()
    boxes: list[tuple[float, float, float, float, str]] = []
    for n in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(n)
        if right > left and top > bottom:
            down = shifted if n % 200 < 100 else 0.0
            boxes.append((left, bottom - down, right, top - down, text.get_text_range(n, 1)))
    boxes.sort()
    found = []
    for n, (left, bottom, right, top, letter) in enumerate(boxes):
        for other in boxes[n + 1 :]:
            if other[0] >= right:
                break
            wide = min(right, other[2]) - other[0]
            high = min(top, other[3]) - max(bottom, other[1])
            smaller = min((right - left) * (top - bottom), (other[2] - other[0]) * (other[3] - other[1]))
            if wide > 0 and high > 0 and wide * high > smaller / 3:
                found.append(letter + other[4])
    return found


def keywords(file: bytes) -> str | None:
    with pikepdf.open(BytesIO(file)) as pdf, pdf.open_metadata() as said:
        return said.get("pdf:Keywords")


def printed_elsewhere(folder: Path, module: str, sheet: BaseModel, at: datetime, zone: str) -> bytes:
    """Returns a sheet as the module's `printed` prints it in another process, time zone and locale."""
    (folder / "sheet.json").write_text(sheet.model_dump_json(), encoding="utf-8")
    there = (
        "import sys; from datetime import datetime; from pathlib import Path;"
        f"from {module} import printed; from {type(sheet).__module__} import {type(sheet).__name__} as Sheet;"
        "sheet = Sheet.model_validate_json(Path(sys.argv[1]).read_bytes());"
        "sys.stdout.buffer.write(printed(sheet, datetime.fromisoformat(sys.argv[2])))"
    )
    script = [sys.executable, "-c", there, str(folder / "sheet.json"), at.isoformat()]
    environment = {"TZ": zone, "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1"}
    return subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, check=True, timeout=60).stdout
