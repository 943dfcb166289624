"""An event in the format of `docs/ledger.md`: its JSON, its hash, its bindings, and its leaf in the log."""

import hashlib
import json
import re
import struct
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]


class Row(Protocol):
    """Columns by name: a row of asyncpg, or a dictionary."""

    def __getitem__(self, column: str, /) -> Any:
        """Returns one column."""


PASSED_ON: Final = "passed_on"
"""The kind of event after which a filing has another agency."""

BOUND: Final = re.compile(
    rb'\{"epoch":(?P<epoch>[1-9][0-9]{0,9})(,"key":"(?P<key>[0-9a-f]{64})")?(,"receipt":"(?P<receipt>[0-9a-f]{64})")?\}'
)
"""The pattern of an event's bindings as RFC 8785 JSON."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_sha256: Final = hashlib.sha256
_length: Final = struct.Struct(">I").pack
_of_eight: Final = struct.Struct(">IQ").pack
_twice_eight: Final = struct.Struct(">IQIQ").pack
_seq_and_hash: Final = struct.Struct(">IQI32s")
_NULL: Final = b"\xff\xff\xff\xff"
_UUID: Final = _length(16)
_DIGEST: Final = _length(32)
_MODULUS: Final = 2**64  # two's complement; an infinite timestamp, which is out of range, gives a differing hash
_raw_decode: Final = json.JSONDecoder().raw_decode


def canonical(value: object) -> bytes:
    """Returns RFC 8785 JSON, for texts, whole numbers below 2^53, and keys below U+D800, which sort as in UTF-16."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def json_object(content: bytes | None) -> Json | None:
    """Returns the JSON object that is the whole content; None if the content is anything else."""
    try:
        text = (content or b"").decode()
        value, end = _raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value if end == len(text) and isinstance(value, dict) else None


def instant(text: Any) -> int | None:
    """Returns the microseconds since 1970 of a time in RFC 3339; None for any other value."""
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except (ValueError, TypeError):
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def event_hash(event: Row, sealed_sha256: bytes | None, occurred_at: int, recorded_at: int) -> bytes:
    """Returns the 32 bytes of the right `hash`, computed from the event's other columns."""
    filing_id, key_id, bound = event["filing_id"], event["key_id"], event["bound"]
    return _sha256(
        b"".join(
            (
                b"\x01" if bound is None else b"\x02",
                _often(event["stream"]),
                _of_eight(8, event["seq"] % _MODULUS),
                _UUID,
                event["event_id"],
                _NULL if filing_id is None else _UUID + filing_id,
                _often(event["agency"]),
                _often(event["kind"]),
                _of_eight(8, event["version"] % _MODULUS),
                _DIGEST,
                _sha256(event["body"]).digest(),
                _NULL if sealed_sha256 is None else _DIGEST + sealed_sha256,
                _NULL if key_id is None else _often(key_id),
                _text(event["command_id"]),
                _bytes(event["actor"]),
                _often(event["via"]),
                _twice_eight(8, occurred_at % _MODULUS, 8, recorded_at % _MODULUS),
                _bytes(event["prev_hash"]),
                b"" if bound is None else _bytes(bound),
            )
        )
    ).digest()


def leaf(stream: str, seq: int, digest: bytes) -> bytes:
    """Returns the data of an event's leaf: `field(stream) ‖ field(seq) ‖ field(hash)`."""
    return _often(stream) + _seq_and_hash.pack(8, seq % _MODULUS, 32, digest)


def event_of(data: bytes) -> tuple[str, int, bytes] | None:
    """Returns stream, seq and hash of the event in a leaf; None if `data` is not the leaf of an event."""
    try:
        (length,) = struct.unpack_from(">I", data)
        stream = data[4 : 4 + length].decode()
        _, seq, _, digest = _seq_and_hash.unpack(data[4 + length :])
    except (struct.error, UnicodeDecodeError):
        return None
    return (stream, seq, digest) if leaf(stream, seq, digest) == data else None


def _bytes(content: bytes) -> bytes:
    return _length(len(content)) + content


def _text(value: str) -> bytes:
    return _bytes(value.encode())


_often: Final = lru_cache(1024)(_text)
"""`_text` with a cache, for values that many successive events share."""
