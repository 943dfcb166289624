"""What an event binds beside what it says: its command's receipt, its filing's key, the epoch (docs/ledger.md).

Whoever changes one of these rows afterwards is found by the chain.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from activities.ledger.vault import FilingKey
from schemas.stream.ledger import Batch

_KEY: Final = b"\x10"


def key_commitment(secret: bytes) -> str:
    """What binds a filing's key and tells nothing of it, in hex."""
    return hashlib.sha256(_KEY + secret).hexdigest()


def receipt_binding(secret: bytes, stream: str, command_id: str, digest: str) -> str:
    """What binds a receipt, in hex: without the key nobody can try what its digest may be of."""
    said = f"receipt\n{stream}\n{command_id}\n{digest}".encode()
    return hmac.digest(secret, said, "sha256").hex()


def bindings(batch: Batch, events: int, key: FilingKey) -> list[str]:
    """Of each of a batch's so many events, as JSON, what stands in `bound` behind the epoch, which the log knows."""
    bound = [""] * events
    if batch.next_seq == 1:
        bound[0] = f',"key":"{key_commitment(key.secret)}"'
    bound[-1] += f',"receipt":"{receipt_binding(key.secret, batch.stream, batch.command_id, batch.digest)}"'
    return bound


BOUND: Final = """convert_to('{{"epoch":' || {epoch} || {rest} || '}}', 'UTF8')"""
"""The column in SQL: RFC 8785 JSON."""
