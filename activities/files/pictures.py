"""Reads JPEG and PNG to the end; changes and writes nothing. This code runs in the child process only."""

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

from PIL import Image

from activities.files.protocol import BrokenRuleError, Rule

LONGEST_SIDE: Final = 20_000
MOST_PIXELS: Final = 100_000_000
"""The maximum number of pixels: as many as a page of A0 has at 250 dpi, or a page of A4 at 1,000 dpi."""

Image.MAX_IMAGE_PIXELS = None  # our own limit covers the sides too, and every picture is checked

_PADDING: Final = b"\0\t\n\r "
"""Padding that cameras and mail programs leave at the end."""


def check_size(width: int, height: int) -> None:
    """Checks the size of a picture. Raises `BrokenRuleError`."""
    if width <= 0 or height <= 0:
        raise BrokenRuleError(Rule.DAMAGED)
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise BrokenRuleError(Rule.IMAGE_TOO_LARGE)


@contextmanager
def picture(data: bytes, *formats: str) -> Iterator[Image.Image]:
    """Yields the picture, checked by size but not decoded yet. Errors in the block become `BrokenRuleError` too."""
    try:
        with Image.open(BytesIO(data), formats=formats) as opened:
            check_size(*opened.size)
            yield opened
    except (BrokenRuleError, MemoryError):
        raise
    except Exception as error:
        raise BrokenRuleError(Rule.DAMAGED) from error


# --- JPEG -------------------------------------------------------------------------------------------------------------

_START: Final = b"\xff\xd8\xff"
_SEGMENT: Final = re.compile(rb"\xff+([^\x00\xff])(..)", re.DOTALL)
_END: Final = re.compile(rb"\xff+\xd9")
_AFTER_SCAN: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_SCAN: Final = 0xDA
_MORE_PICTURES: Final = b"MPF\0"
_EIGHTH: Final = 8

_LONGEST_TRAILER: Final = 65_536
_TRAILER_HEAD: Final = struct.Struct("<4s2I")
_TRAILER_ENTRY: Final = struct.Struct("<2H2I")
_TRAILER_TAIL: Final = struct.Struct("<I4s")


def check_jpeg(data: bytes) -> None:
    """Checks a JPEG. Raises `BrokenRuleError`. The trailers that phones append are permitted: see `docs/files.md`."""
    start = 0
    while True:
        end = _end_of_jpeg(data, start)
        with picture(data[start:end], "JPEG", "MPO") as opened:
            opened.draft(opened.mode, (opened.width // _EIGHTH, opened.height // _EIGHTH))  # all read, little kept
            opened.load()
        several = start > 0 or _MORE_PICTURES in data[:end]
        rest = data[end:].lstrip(_PADDING)
        if not rest or _is_phones_trailer(data[end:]):
            return
        if not (several and rest.startswith(_START)):
            raise BrokenRuleError(Rule.HOLDS_MORE)
        start = len(data) - len(rest)


def _end_of_jpeg(data: bytes, start: int) -> int:
    """Follows the segments of the JPEG that begins at `start`; returns the position of the JPEG's end."""
    at = start + 2
    while (end := _END.match(data, at)) is None:
        segment = _SEGMENT.match(data, at)
        if segment is None:
            raise BrokenRuleError(Rule.DAMAGED)
        at = segment.start(2) + int.from_bytes(segment[2], "big")
        if segment[1][0] == _SCAN:
            following = _AFTER_SCAN.search(data, at)
            if following is None:
                raise BrokenRuleError(Rule.DAMAGED)
            at = following.start()
    return end.end()


def _is_phones_trailer(rest: bytes) -> bool:
    """Returns whether `rest` is exactly the directory that Samsung's phones append, and nothing more."""
    if not _TRAILER_TAIL.size < len(rest) <= _LONGEST_TRAILER:
        return False
    size, tail = _TRAILER_TAIL.unpack_from(rest, len(rest) - _TRAILER_TAIL.size)
    at = len(rest) - _TRAILER_TAIL.size - size
    if tail != b"SEFT" or at < 0 or size < _TRAILER_HEAD.size:
        return False
    head, _, count = _TRAILER_HEAD.unpack_from(rest, at)
    if head != b"SEFH" or size != _TRAILER_HEAD.size + count * _TRAILER_ENTRY.size:
        return False
    entries = rest[at + _TRAILER_HEAD.size : at + size]
    return bool(sum(length for *_, length in _TRAILER_ENTRY.iter_unpack(entries)) == at)


# --- PNG --------------------------------------------------------------------------------------------------------------

_CHUNK: Final = struct.Struct("!I4s")
_HEADER: Final = struct.Struct("!2I5B")
_SIGNATURE: Final = 8
_CRC: Final = 4
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MOST_TEXT: Final = 8_000_000
"""Maximum bytes of all decompressed texts and profiles."""
_SLACK: Final = 65_536
_AT_ONCE: Final = 1 << 20


def check_png(data: bytes) -> None:
    """Checks a PNG. Raises `BrokenRuleError`."""
    pixels: _Inflating | None = None
    texts = _Inflating(_MOST_TEXT)
    end = _SIGNATURE
    for kind, chunk, end in _chunks(data):  # noqa: B007 -- the last one counts
        if kind == b"IHDR":
            pixels = _Inflating(_most_raw(chunk))
        elif pixels is None:
            raise BrokenRuleError(Rule.DAMAGED)
        elif kind == b"IDAT":
            pixels.feed(chunk)
        elif kind == b"acTL":
            raise BrokenRuleError(Rule.HOLDS_MORE)
        elif (deflated := _deflated(kind, chunk)) is not None:
            texts.restart()
            texts.feed(deflated)
    if data[end:].strip(_PADDING):
        raise BrokenRuleError(Rule.HOLDS_MORE)
    with picture(data, "PNG") as opened:
        opened.load()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yields kind, content and end of each chunk, including the last. Raises `BrokenRuleError` for a damaged file."""
    at, kind = _SIGNATURE, b""
    while kind != b"IEND":
        if at + _CHUNK.size > len(data):
            raise BrokenRuleError(Rule.DAMAGED)
        length, kind = _CHUNK.unpack_from(data, at)
        content = data[at + _CHUNK.size : at + _CHUNK.size + length]
        end = at + _CHUNK.size + length + _CRC
        if end > len(data) or int.from_bytes(data[end - _CRC : end], "big") != zlib.crc32(kind + content):
            raise BrokenRuleError(Rule.DAMAGED)
        yield kind, content, end
        at = end


def _most_raw(header: bytes) -> int:
    """Returns the maximum size in bytes of the decompressed pixels, whether interlaced or not."""
    if len(header) != _HEADER.size:
        raise BrokenRuleError(Rule.DAMAGED)
    width, height, depth, colour, *_ = _HEADER.unpack(header)
    check_size(width, height)
    if colour not in _CHANNELS:
        raise BrokenRuleError(Rule.DAMAGED)
    raw = height * (1 + (width * _CHANNELS[colour] * depth + 7) // 8)
    return int(raw + raw // 2 + _SLACK)


def _deflated(kind: bytes, chunk: bytes) -> bytes | None:
    """Returns the compressed part of a chunk with a text or a colour profile; None if nothing in it is compressed."""
    _, _, rest = chunk.partition(b"\0")
    if kind in {b"zTXt", b"iCCP"}:
        return rest[1:]
    if kind == b"iTXt" and rest[:1] == b"\1":
        return rest[2:].split(b"\0", 2)[-1]
    return None


class _Inflating:
    """Counts decompressed bytes against a maximum, and keeps none of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.restart()

    def restart(self) -> None:
        self._stream = zlib.decompressobj()

    def feed(self, deflated: bytes) -> None:
        while deflated:
            try:
                self._most -= len(self._stream.decompress(deflated, _AT_ONCE))
            except zlib.error as error:
                raise BrokenRuleError(Rule.DAMAGED) from error
            if self._most < 0:
                raise BrokenRuleError(Rule.BOMB)
            deflated = self._stream.unconsumed_tail
