"""Checks of a file's type by its bytes. This code runs in the child process only."""

import struct
from collections.abc import Callable, Mapping
from typing import Final

import puremagic
from asn1crypto import cms, parser

from activities.files.pdf import check_pdf
from activities.files.pictures import check_jpeg, check_png
from activities.files.protocol import BrokenRuleError, Rule

_HEAD: Final = 8192
"""The number of first bytes from which the type is recognised."""
PDF_HEAD: Final = 1024
"""The number of first bytes in which PDF readers look for the header."""

_SEQUENCE: Final = 0x30
_ZIP_END: Final = struct.Struct("<4s4H2LH")
_ZIP_END_MARK: Final = b"PK\x05\x06"
_ZIP_COMMENT: Final = 65_535


def check(data: bytes, media_type: str) -> None:
    """Checks a file. `media_type` must be an accepted type, and `data` not empty. Raises `BrokenRuleError`."""
    if media_type == "application/pkcs7-signature":
        _check_cms(data)
        return
    _check_magic(data, media_type)
    if _ends_as_zip(data) or (media_type != "application/pdf" and b"%PDF-" in data[:PDF_HEAD]):
        raise BrokenRuleError(Rule.HOLDS_MORE)
    _PARSERS[media_type](data)


def _check_magic(data: bytes, media_type: str) -> None:
    try:
        found = {match.mime_type for match in puremagic.magic_string(data[:_HEAD])} - {""}
    except (puremagic.PureError, ValueError):
        found = set()
    if media_type not in found:
        junk_before = media_type == "application/pdf" and b"%PDF-" in data[:PDF_HEAD] and not found
        raise BrokenRuleError(Rule.HOLDS_MORE if junk_before else Rule.SOMETHING_ELSE)


def _ends_as_zip(data: bytes) -> bool:
    """Returns whether an archive program, which reads from the end, would take the data for a ZIP file."""
    at = len(data)
    earliest = max(0, len(data) - _ZIP_END.size - _ZIP_COMMENT)
    while (at := data.rfind(_ZIP_END_MARK, earliest, at)) >= 0:
        if at + _ZIP_END.size > len(data):
            continue
        _, disk, directory_disk, here, entries, size, offset, _ = _ZIP_END.unpack_from(data, at)
        if disk == directory_disk == 0 and here == entries and size + offset <= at:
            return True
    return False


def _check_cms(data: bytes) -> None:
    """Checks that the data are the DER of a ContentInfo and nothing more. The signature is verified elsewhere."""
    if data[0] != _SEQUENCE:
        raise BrokenRuleError(Rule.SOMETHING_ELSE)
    try:
        end = parser.peek(data)
        known = cms.ContentInfo.load(data[:end], strict=True)["content_type"].native in _CONTENT_TYPES
    except (ValueError, TypeError) as error:
        raise BrokenRuleError(Rule.DAMAGED) from error
    if not known:
        raise BrokenRuleError(Rule.SOMETHING_ELSE)
    if end < len(data):
        raise BrokenRuleError(Rule.HOLDS_MORE)


_CONTENT_TYPES: Final = frozenset(cms.ContentType._map.values())  # noqa: SLF001 -- the library has no list of them
_PARSERS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "application/pdf": check_pdf,
    "image/jpeg": check_jpeg,
    "image/png": check_png,
}
