"""Compact JWS (RFC 7515) with an ed25519 key. A header must not refer to other keys or to extensions."""

import json
import re
from base64 import urlsafe_b64decode
from functools import lru_cache
from typing import Any, Final

ALGORITHMS: Final = ("Ed25519", "EdDSA")
"""The accepted values of `alg`: two names for the same algorithm, from RFC 9864 and from RFC 8037."""

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")


class AlgorithmError(ValueError):
    """The JWS names an algorithm that is not accepted."""


def read(text: str, type_: str) -> tuple[str, bytes]:
    """Returns the id of the key that a JWS with this `typ` names, and its payload; the signature is not verified yet.

    Raises `ValueError` for a text that is no such JWS, and `AlgorithmError` for another algorithm.
    """
    header, payload, _ = _parts(text)
    return _key_id(header, type_), _bytes(payload)


def signed_and_signature(text: str) -> tuple[bytes, bytes]:
    """Returns the signed bytes, and the signature. Raises `ValueError` for a text that is no compact JWS."""
    header, payload, signature = _parts(text)
    return f"{header}.{payload}".encode(), _bytes(signature)


def _parts(text: str) -> tuple[Any, ...]:
    found = _COMPACT.fullmatch(text)
    if found is None:
        raise ValueError("this is no compact JWS")
    return found.groups()


@lru_cache(128)
def _key_id(header: str, type_: str) -> str:
    """Returns the id of the key that a header names. Cached, since all headers for one key are the same."""
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
