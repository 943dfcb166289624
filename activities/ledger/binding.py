"""Values that an event's hash binds beside the event's content: the command's receipt, the filing's key, the epoch.

A later change to one of these rows shows in the hash chain (docs/ledger.md).
"""

import hashlib
import hmac
from typing import Final

from activities.ledger.vault import FilingKey
from schemas.stream.ledger import Batch


def key_commitment(secret: bytes) -> str:
    """Returns a commitment to a filing's key, in hex, which reveals nothing of it."""
    return hashlib.sha256(b"\x10" + secret).hexdigest()


def receipt_binding(secret: bytes, stream: str, command_id: str, digest: str) -> str:
    """Returns a commitment to a receipt, in hex. Without the key nobody can test guesses at the digest's content."""
    said = f"receipt\n{stream}\n{command_id}\n{digest}".encode()
    return hmac.digest(secret, said, "sha256").hex()


def bindings(batch: Batch, events: int, key: FilingKey) -> list[str]:
    """Returns for each event of a batch the JSON members of `bound` that follow the epoch, which only the log knows."""
    bound = [""] * events
    if batch.next_seq == 1:
        bound[0] = f',"key":"{key_commitment(key.secret)}"'
    bound[-1] += f',"receipt":"{receipt_binding(key.secret, batch.stream, batch.command_id, batch.digest)}"'
    return bound


BOUND: Final = """convert_to('{{"epoch":' || {epoch} || {rest} || '}}', 'UTF8')"""
"""SQL for the column `bound`, as RFC 8785 JSON."""
