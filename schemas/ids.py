"""Derived identities, never random: the same input gives the same id on every machine and on every retry."""

import hashlib
import json
from base64 import b32encode
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import rfc8785

__all__ = ["DEFAULT_BACK_OFFICE_QUEUE", "NAMESPACE", "TASK_QUEUE", "StreamId", "canonical", "complaint_workflow"]
__all__ += ["digest", "filing_id", "filing_workflow", "parcel_workflow", "payment_workflow", "referral_workflow"]
__all__ += ["refund_workflow", "result_workflow"]

NAMESPACE: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")
"""The namespace of all derived ids. It never changes, since it permanently ties a submission to its filing."""

TASK_QUEUE: Final = "motcua"
"""The queue of the platform's workers."""
TASK_TIMEOUT: Final = timedelta(seconds=10)
"""The longest time for which a dead worker keeps a workflow's task from other workers: Temporal's default."""
DEPLOYMENT: Final = "motcua"
"""The name of the platform's deployment in Temporal, for all builds."""
NUDGE: Final = "nudge"
"""The signal that makes a dormant workflow check whether another build should continue it."""

DEFAULT_BACK_OFFICE_QUEUE: Final = "backoffice"
"""The queue of agencies that run no back office of their own."""


def filing_id(client_id: str, submission_id: str) -> UUID:
    """The id of the filing that this submission makes."""
    return uuid5(NAMESPACE, f"{client_id}\n{submission_id}")


def event_id(stream: str, command_id: str, ordinal: int) -> UUID:
    """The id of the `ordinal`-th event (from 0) that a command caused in a stream."""
    return uuid5(NAMESPACE, f"{stream}\n{command_id}\n{ordinal}")


def filing_workflow(filing: UUID | str) -> str:
    """The workflow id, and the stream, of a filing."""
    return f"filing:{filing}"


def payment_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of a filing's n-th request for money."""
    return f"payment:{filing}:{n}"


OBLIGATIONS: Final = 1_000_000
"""Payments with a number above this are for obligations to other authorities: no filing has so many fees."""


def of_obligation(payment: int) -> bool:
    """Whether the payment of this number is for an obligation to another authority; otherwise it is for a fee."""
    return payment > OBLIGATIONS


def parcel_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of a filing's n-th consignment."""
    return f"parcel:{filing}:{n}"


def referral_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of a filing's n-th part that another agency decides."""
    return f"referral:{filing}:{n}"


def complaint_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of the n-th complaint about a filing."""
    return f"complaint:{filing}:{n}"


def papers_stream(filing: UUID | str) -> str:
    """The stream of a filing's official papers."""
    return f"papers:{filing}"


def restarts_stream(filing: UUID | str) -> str:
    """The stream that records each takeover of one of this filing's streams by another run."""
    return f"restarts:{filing}"


def result_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of a filing's n-th result."""
    return f"result:{filing}:{n}"


def refund_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of a capture's refund: `n` is the payment's number × 1000 + the capture's."""
    return f"refund:{filing}:{n}"


class StreamId(NamedTuple):
    """The name of a stream and of its workflow: `filing:<uuid>`, or with a number, `<kind>:<uuid>:<n>`.

    For a kind with only one stream in each filing, the name has no number, and `n` is 0.
    """

    kind: str
    filing: UUID
    n: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.filing}:{self.n}" if self.n else f"{self.kind}:{self.filing}"

    @classmethod
    @lru_cache(1024)
    def parse(cls, name: str) -> "StreamId":
        """The id with this name. Raises `ValueError` unless the text is exactly such a name."""
        kind, _, rest = name.partition(":")
        filing, _, n = rest.partition(":")
        found = cls(kind, UUID(filing), int(n or 0))
        if name != str(found):
            raise ValueError("this is no id of a stream")
        return found


def fee_key(filing: UUID | str, n: int, attempt: int = 1) -> str:
    """The business key of a request for money at the bank. A renewed request has a key of its own."""
    return f"fee:{filing}:{n}" if attempt == 1 else f"fee:{filing}:{n}:{attempt}"


BEGINNING: Final = 10
"""The minimum number of characters that are left of a reference when a bank has shortened the memo."""


def reference_of(key: str) -> str:
    """The public reference of a money request: 18 capitals and digits, derived from its business key.

    It stays readable after the changes that banks make to a memo, and reveals nothing about the filing.
    """
    return "MC" + b32encode(hashlib.sha256(key.encode()).digest()[:10]).decode()


def canonical(value: Any) -> bytes:
    """`value` as RFC 8785 JSON.

    Raises `ValueError` for values that have no such form, such as an integer of 2^53 or more.
    """
    return _WRITER.encode(value).encode() if _plain(value) else rfc8785.dumps(value)


_WRITER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Writes values for which `_plain` is true as RFC 8785 does, in a third of the library's time."""

_PLAIN: Final = frozenset({str, bool, type(None)})
_LARGEST: Final = 2**53 - 1


def _plain(value: Any) -> bool:
    """Whether Python's own JSON equals RFC 8785: no fractions, no large integers, no keys that sort differently."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and key.isascii() and _plain(item) for key, item in value.items())
    if kind is list or kind is tuple:
        return all(map(_plain, value))
    return kind in _PLAIN or (kind is int and -_LARGEST <= value <= _LARGEST)


def digest(value: Any) -> str:
    """SHA-256 hex of `value` as RFC 8785 JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()
