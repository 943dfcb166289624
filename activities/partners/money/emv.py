"""Merchant-presented codes of EMVCo: fields of tag, length and value, and a checksum over all of them."""

import binascii
from typing import Final

_LONGEST: Final = 99
_CHECKSUM: Final = "6304"


def field(tag: str, value: str) -> str:
    """Returns one field. Raises `ValueError` if it is longer than 99 characters or not ASCII."""
    if not value.isascii() or len(value) > _LONGEST:
        raise ValueError("a field of an EMVCo code is at most 99 characters of ASCII")
    return f"{tag}{len(value):02}{value}"


def code(*fields: str) -> str:
    """Returns the whole code, with CRC-16/CCITT-FALSE over everything before its four digits."""
    content = "".join(fields) + _CHECKSUM
    return f"{content}{binascii.crc_hqx(content.encode('ascii'), 0xFFFF):04X}"
