"""Ids that are derived, never random: the same input gives the same id on every machine and at every retry."""

import hashlib
import json
from base64 import b32encode
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import rfc8785

__all__ = ["DEFAULT_BACK_OFFICE_QUEUE", "NAMESPACE", "OFFICERS_QUEUE", "TASK_QUEUE", "StreamId", "canonical"]
__all__ += ["complaint_workflow", "digest", "filing_id", "filing_workflow", "parcel_workflow", "payment_workflow"]
__all__ += ["referral_workflow", "refund_workflow", "result_workflow"]

NAMESPACE: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")
"""The namespace of all derived ids. It never changes: in another namespace, a submission would give another filing."""

TASK_QUEUE: Final = "motcua"
"""The task queue of the platform's workers."""
OFFICERS_QUEUE: Final = "motcua.officers"
"""The queue of questions asked for officers, so that they do not wait behind questions of portals."""
TASK_TIMEOUT: Final = timedelta(seconds=10)
"""The time after which another worker gets a workflow task whose worker has died. It is Temporal's default."""
DEPLOYMENT: Final = "motcua"
"""The name of the platform's deployment in Temporal, for all builds."""
RING: Final = "ring:"
"""The beginning of the ids of the commands that a stream's timers cause."""
NUDGE: Final = "nudge"
"""The signal that makes a dormant workflow check whether another build should continue it."""

DEFAULT_BACK_OFFICE_QUEUE: Final = "backoffice"
"""The task queue of the back office that serves agencies without a back office of their own."""


def filing_id(client_id: str, submission_id: str) -> UUID:
    """The id of the filing for this submission."""
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
"""The payments with a number above this are for obligations to other authorities. No filing has so many fees."""


def of_obligation(payment: int) -> bool:
    """Whether the payment with this number is for an obligation to another authority; if not, it is for a fee."""
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
    """The stream that records each takeover of one of the filing's streams by another run of a workflow."""
    return f"restarts:{filing}"


def result_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of a filing's n-th result."""
    return f"result:{filing}:{n}"


def refund_workflow(filing: UUID | str, n: int) -> str:
    """The workflow id, and the stream, of the refund of a capture.

    `n` is the number of the payment × 1000 + the number of the capture.
    """
    return f"refund:{filing}:{n}"


class StreamId(NamedTuple):
    """The name of a stream and of its workflow: `filing:<uuid>`, or `<kind>:<uuid>:<n>` for a numbered stream.

    `n` is 0 for a kind with only one stream in each filing: its name has no number.
    """

    kind: str
    filing: UUID
    n: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.filing}:{self.n}" if self.n else f"{self.kind}:{self.filing}"

    @classmethod
    @lru_cache(1024)
    def parse(cls, name: str) -> "StreamId":
        """Returns the id with this name. Raises `ValueError` if the text is not exactly the name of a stream."""
        kind, _, rest = name.partition(":")
        filing, _, n = rest.partition(":")
        found = cls(kind, UUID(filing), int(n or 0))
        if name != str(found):
            raise ValueError("this is no id of a stream")
        return found


def fee_key(filing: UUID | str, n: int, attempt: int = 1) -> str:
    """The business key of a request for money at the bank. Each request has its own key, by its number `attempt`."""
    return f"fee:{filing}:{n}" if attempt == 1 else f"fee:{filing}:{n}:{attempt}"


BEGINNING: Final = 10
"""The minimum number of characters of a reference that remain when a bank has shortened the memo."""


def reference_of(key: str) -> str:
    """The public reference of a request for money: 18 capital letters and digits, derived from its business key.

    The reference stays readable after the changes that banks make to a memo, and reveals nothing about the filing.
    """
    return "MC" + b32encode(hashlib.sha256(key.encode()).digest()[:10]).decode()


def canonical(value: Any) -> bytes:
    """Returns `value` as RFC 8785 JSON.

    Raises `ValueError` if this is impossible, as for an integer of 2^53 or more.
    """
    return _WRITER.encode(value).encode() if _plain(value) else rfc8785.dumps(value)


_WRITER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Writes a value as RFC 8785 JSON, if `_plain` is true for the value. It takes a third of the library's time."""

_PLAIN: Final = frozenset({str, bool, type(None)})
_LARGEST: Final = 2**53 - 1


def _plain(value: Any) -> bool:
    """Whether Python's own JSON of a value is RFC 8785 JSON: no fractions, no large integers, and only ASCII keys."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and key.isascii() and _plain(item) for key, item in value.items())
    if kind is list or kind is tuple:
        return all(map(_plain, value))
    return kind in _PLAIN or (kind is int and -_LARGEST <= value <= _LARGEST)


def digest(value: Any) -> str:
    """Returns the SHA-256 of `value` as RFC 8785 JSON, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()
