"""A compact JWS (RFC 7515) as it is read here: ed25519 alone, and nothing in its header that anybody would follow."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from functools import lru_cache
from typing import Any, Final, NamedTuple

ALGORITHMS: Final = ("Ed25519", "EdDSA")
"""The `alg` in its header: two names of the same, of RFC 9864 and of RFC 8037, always with a key on Ed25519."""

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")


class AlgorithmError(ValueError):
    """It says that it is signed by another algorithm."""


class Compact(NamedTuple):
    """What one says, not yet proved: which key has signed it, and what."""

    key_id: str
    payload: bytes


def read(text: str, type_: str) -> Compact:
    """One of this `typ`. Raises `ValueError` for what is none, `AlgorithmError` by another algorithm."""
    header, payload, _ = _parts(text)
    return Compact(_key_id(header, type_), _bytes(payload))


def signed_and_signature(text: str) -> tuple[bytes, bytes]:
    """What is signed, and the signature. Raises `ValueError` for what is no compact JWS."""
    header, payload, signature = _parts(text)
    return f"{header}.{payload}".encode(), _bytes(signature)


def _parts(text: str) -> tuple[Any, ...]:
    found = _COMPACT.fullmatch(text)
    if found is None:
        msg = "this is no compact JWS"
        raise ValueError(msg)
    return found.groups()


@lru_cache(128)
def _key_id(header: str, type_: str) -> str:
    """The key that a header names; one key writes the same header each time."""
    try:
        said: Any = json.loads(_bytes(header))
    except RecursionError:
        msg = "its header goes too deep"
        raise ValueError(msg) from None
    if isinstance(said, dict) and said.get("alg", ALGORITHMS[0]) not in ALGORITHMS:
        raise AlgorithmError
    if not isinstance(said, dict) or said.keys() != _HEADER or said["typ"] != type_ or not isinstance(said["kid"], str):
        msg = "its header says something else than which algorithm, which key, and what it is"
        raise ValueError(msg)
    return said["kid"]


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


_HEADER: Final = {"alg", "kid", "typ"}
