"""Key rings with an additional key, written into files that only their owner can read."""

import base64
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from motcua.payloads.key_ring import KEY_BYTES, CodecRing


def new_ring(*, plain: bool = False) -> str:
    """Returns the file content of a new ring with one key."""
    name = _new_id()
    ring: dict[str, Any] = {"current": name, "keys": {name: _new_key()}}
    return _written(ring | ({"plain": True} if plain else {}))


def with_new_key(ring: CodecRing) -> str:
    """Returns the file content of the ring with an additional key. Nothing is encrypted with that key yet."""
    ring_then: dict[str, Any] = ring.model_dump(exclude_defaults=True)
    return _written(ring_then | {"keys": dict(ring.keys) | {_new_id(): _new_key()}})


def write_new(file: Path, text: str) -> None:
    """Writes a new file. Raises `OSError`, also if it exists."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as made:
        made.write(text)
        made.flush()
        os.fsync(made.fileno())


def _new_id() -> str:
    """Returns today's date with random digits, so that no two rings share an id."""
    return f"{datetime.now(UTC).date().isoformat()}-{secrets.token_hex(3)}"


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _written(ring: dict[str, Any]) -> str:
    return json.dumps(ring, indent=1, default=lambda key: key.get_secret_value()) + "\n"
