"""Draws pictures of a file that contain none of its bytes. This code runs in the child process only."""

from collections.abc import Iterator
from io import BytesIO
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped] # it has no types
from PIL import Image, ImageOps

from activities.files.pictures import picture
from activities.files.protocol import DAMAGED, BrokenRuleError

SHARPNESS: Final = 150 / 72
"""Pixels per point: 150 dpi."""
LONGEST_SIDE: Final = 2_000
"""Maximum pixels of the longer side of a picture."""

_FORMATS: Final = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",)}


def draw(data: bytes, media_type: str, first: int, count: int) -> Iterator[bytes]:
    """Yields pages as PNG, from `first` (0-based) on. Raises `BrokenRuleError` for a file that can't be drawn."""
    if media_type == "application/pdf":
        yield from _pages(data, first, count)
    elif first == 0:
        with picture(data, *_FORMATS[media_type]) as opened:
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            yield _png(opened)


def _pages(data: bytes, first: int, count: int) -> Iterator[bytes]:
    try:
        with pdfium.PdfDocument(data) as document:
            document.init_forms()  # otherwise form fields and signatures are not drawn
            for number in range(first, min(first + count, len(document))):
                page = document[number]
                longest = max(*page.get_size(), 1)
                scale = min(SHARPNESS, LONGEST_SIDE / longest)
                yield _png(page.render(scale=scale, rev_byteorder=True).to_pil())
                page.close()
    except pdfium.PdfiumError as error:
        raise BrokenRuleError(DAMAGED) from error


def _png(drawn: Image.Image) -> bytes:
    """Returns a PNG on white, upright, at most `LONGEST_SIDE`; without the colour profile and texts of the original."""
    drawn.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(drawn)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(upright, mask=upright.getchannel("A"))
        upright = flat
    plain = upright.convert("RGB")
    plain.info.clear()
    written = BytesIO()
    plain.save(written, "PNG")
    return written.getvalue()
