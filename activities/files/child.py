"""The program that parses and draws untrusted files: `python -m activities.files.child`; its input is a socket.

The child limits itself before it reads anything, gets no environment from its parent, and ends with its parent.
"""

import math
import os
import resource
import socket
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped] # it has no types
from PIL import Image, ImageOps

from activities.files.checks import check
from activities.files.pictures import picture
from activities.files.protocol import BrokenRuleError, Request, Rule, framed, receive_request

MEMORY: Final = 5 << 28
"""The address space of the child, in bytes."""
CPU: Final = 10
"""The maximum CPU time for one file, in seconds."""
DESCRIPTORS: Final = 16
NICENESS: Final = 5
"""The child's niceness: requests to the platform have priority over it."""

SHARPNESS: Final = 150 / 72
"""The pixels per point of a drawn page: 150 dpi."""
LONGEST_SIDE: Final = 2_000
"""Maximum pixels of the longer side of a picture."""

_FORMATS: Final = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",)}


def main() -> None:
    """Answers requests until the parent process has ended."""
    limit()
    parent = socket.socket(fileno=0)
    while (received := receive_request(parent)) is not None:
        request, file = received
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(used.ru_utime + used.ru_stime) + CPU  # the kernel ends a child that uses more
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
        data = os.pread(file, os.fstat(file).st_size, 0)
        os.close(file)
        parent.sendall(framed(_answer(request, data)))


def limit() -> None:
    """Limits memory, descriptors and CPU priority; forbids writing files, new processes and core dumps."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(NICENESS)


def _answer(request: Request, data: bytes) -> list[bytes]:
    """Returns the name of the broken rule; if none is broken, an empty frame followed by the requested pictures."""
    try:
        match request:
            case ["check", str(media_type)]:
                check(data, media_type)
                return [b""]
            case ["draw", str(media_type), int(first), int(count)]:
                return [b"", *_draw(data, media_type, first, count)]
    except BrokenRuleError as broken:
        return [broken.rule.encode()]
    raise ValueError(request)


def _draw(data: bytes, media_type: str, first: int, count: int) -> Iterator[bytes]:
    """Yields pages as PNG, from `first` (0-based) on. Raises `BrokenRuleError` for a file that can't be drawn."""
    if media_type != "application/pdf":
        if first == 0:
            with picture(data, *_FORMATS[media_type]) as opened:
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                yield _png(opened)
        return
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
        raise BrokenRuleError(Rule.DAMAGED) from error


def _png(drawn: Image.Image) -> bytes:
    """Returns an upright PNG on white, at most `LONGEST_SIDE` wide and high, without colour profile and texts."""
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


if __name__ == "__main__":
    main()
