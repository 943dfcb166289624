"""Copies of recorded filings: rows as the product's appends would have made them, each filing with a key of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

from activities.ledger import event_rows
from activities.ledger.event_rows import key_commitment, receipt_binding
from activities.ledger.vault import FilingKey, Vault
from schemas.ids import event_id, fee_key, reference_of
from verifier.ledger import NUMBERS

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[tuple[Any, ...]]]
OTHER_AGENCIES: Final = tuple(f"H{number}.30" for number in range(60, 69))
_NUMBER: Final = rb'-[0-9]{4,8}-[A-Z]{0,2}[0-9]{7}(?=["\\]|$)'
"""Matches the end of a number from a counter, such as the end of a filing's code, in JSON or alone."""
_HASHED: Final = (
    *("stream", "seq", "event_id", "filing_id", "agency", "kind", "version", "body", "sealed", "key_id"),
    *("command_id", "actor", "via", "occurred_at", "recorded_at", "prev_hash", "bound"),
)
COLUMNS: Final = {
    "filing_key": ("filing_id", "agency", "key_id", "wrapped", "wrapped_by"),
    "event": (*_HASHED, "hash"),
    "receipt": ("stream", "command_id", "filing_id", "agency", "digest", "seq", "body"),
    "stream": ("stream", "filing_id", "agency", "epoch", "head_seq", "head_hash", "head_at", "noted"),
    "position": ("position", "stream", "seq"),
}


@dataclass(frozen=True)
class Recorded:
    """A recorded filing. `opened`: the decrypted data of each event, if any; `places`: each event's place in a round.

    `rows`: its rows in each read model; `person`: the applicant's id number; `words`: all texts that a copy replaces.
    """

    id: UUID
    events: Sequence[Row]
    opened: Sequence[bytes | None]
    places: Sequence[int]
    receipts: Mapping[tuple[str, str], Row]
    rows: Mapping[str, Sequence[Row]]
    key: FilingKey
    subjects: frozenset[str]
    person: str
    words: frozenset[str]


@dataclass(frozen=True)
class World:
    """The recorded filings, of one agency. `counted`: its counters by kind and period; `events`: how many there are."""

    filings: Sequence[Recorded]
    agency: str
    counted: Mapping[tuple[str, str], int]
    events: int

    @property
    def agencies(self) -> tuple[str, ...]:
        return (self.agency, *OTHER_AGENCIES)


@dataclass(frozen=True)
class _Copy:
    """One copy of a filing: its id, key and applicant, and `words`: the new text for each text that is replaced."""

    id: UUID
    key: FilingKey
    person: bytes
    words: Mapping[bytes, bytes]

    def text(self, parts: Sequence[bytes]) -> bytes:
        """Returns the text of the copy. Every second item of `parts` is a text to replace."""
        new = [*parts]
        new[1::2] = [self.words[part] for part in parts[1::2]]
        return b"".join(new)


Value: TypeAlias = Callable[[_Copy], Any]


@dataclass(frozen=True)
class _Event:
    """A recorded event. `ordinal`: its place among its command's events, from 0; `receipt`: only at the last one."""

    row: Row
    own: Mapping[str, Value]
    opened: Value | None
    ordinal: int
    place: int
    epoch: int
    digest: str
    receipt: Value | None

    def copied(self, copy: _Copy, stream: str, before: bytes) -> Row:
        """Returns the row of the event's copy, without its hash."""
        command, seq = self.row["command_id"], self.row["seq"]
        own = {name: value(copy) for name, value in self.own.items()} | {
            "event_id": event_id(stream, command, self.ordinal),
            "filing_id": copy.id,
            "sealed": self.opened and copy.key.seal(self.opened(copy), f"{stream}\n{seq}"),
            "key_id": self.opened and copy.key.key_id,
            "prev_hash": before,
            "bound": self._bound(copy.key, stream),
        }
        return {name: own.get(name, self.row[name]) for name in _HASHED}

    def _bound(self, key: FilingKey, stream: str) -> bytes:
        bound = f'{{"epoch":{self.epoch}'
        if self.row["seq"] == 1:
            bound += f',"key":"{key_commitment(key.secret)}"'
        if self.receipt is not None:
            bound += f',"receipt":"{receipt_binding(key.secret, stream, self.row["command_id"], self.digest)}"'
        return f"{bound}}}".encode()


class Template:
    """Makes the rows of copies of a recorded filing. Its texts are taken apart only once."""

    def __init__(self, told: Recorded, world: World) -> None:
        self._copied = told
        self._world = world
        words = sorted((re.escape(word.encode()) for word in told.words), key=len, reverse=True)
        self._replaced = re.compile(b"(" + b"|".join([*words, _NUMBER]) + b")")
        self._numbers: dict[bytes, tuple[bytes, int, int]] = {}
        self._events = [self._event(n) for n in range(len(told.events))]
        self._rows = {
            table: [[self._value(value, name) for name, value in row.items()] for row in rows]
            for table, rows in told.rows.items()
        }

    def _event(self, n: int) -> _Event:
        row, opened = self._copied.events[n], self._copied.opened[n]
        command = row["stream"], row["command_id"]
        receipt = self._copied.receipts[command]
        return _Event(
            row=row,
            own={name: self._value(row[name]) for name in ("stream", "body", "actor", "agency")},
            opened=None if opened is None else self._value(opened),
            ordinal=sum((one["stream"], one["command_id"]) == command for one in self._copied.events[:n]),
            place=self._copied.places[n],
            epoch=json.loads(row["bound"])["epoch"],
            digest=receipt["digest"],
            receipt=self._value(receipt["body"]) if receipt["seq"] == row["seq"] else None,
        )

    def _value(self, value: Any, column: str = "") -> Value:
        match value:
            case bytes() if column == "person":
                return lambda copy: copy.person
            case bytes():
                parts = self._parts(value)
                return lambda copy: copy.text(parts)
            case str() if len(parts := self._parts(value.encode())) > 1:
                return lambda copy: copy.text(parts).decode()
            case [str(), *_]:
                values = [self._value(one) for one in value]
                return lambda copy: [one(copy) for one in values]
            case UUID() if value == self._copied.id:
                return lambda copy: copy.id
            case _:
                return lambda _: value

    def _parts(self, text: bytes) -> list[bytes]:
        parts = self._replaced.split(text)
        for number in parts[1::2]:
            if number.startswith(b"-"):
                _, period, rest = number.decode().split("-")
                kinds = {mark: kind for kind, (mark, _) in NUMBERS.items()}
                counted = self._world.counted[kinds[rest[:-7]], period]
                self._numbers[number] = number[:-7], int(rest[-7:]), counted
        return parts

    async def copy(self, vault: Vault, person: Callable[[str], bytes], n: int, after: int) -> Rows:
        """Returns the rows of the copy in round `n`, by table. `after`: the last log position of the previous round."""
        told, world = self._copied, self._world
        filing = uuid4()
        key, wrapped = await vault.new(filing)
        before, agency = divmod(n, len(world.agencies))
        number = f"{filing.int % 10**12:012d}"
        new = {
            str(told.id): str(filing),
            world.agency: world.agencies[agency],
            told.person: number,
            **{told.key.pseudonym(subject): key.pseudonym(subject) for subject in told.subjects},
            **{row["reference"]: reference_of(fee_key(filing, row["n"])) for row in told.rows["payment"]},
        }
        words = {old.encode(): replaced.encode() for old, replaced in new.items()}
        for old, (prefix, first, counted) in self._numbers.items():
            words[old] = prefix + b"%07d" % (first + before * counted)
        copy = _Copy(filing, key, person(number), words)
        rows: Rows = {table: [] for table in COLUMNS}
        rows["filing_key"].append((filing, world.agencies[agency], key.key_id, wrapped.data, wrapped.by))
        self._chain(copy, rows, after)
        return rows | {table: [tuple(one(copy) for one in row) for row in of] for table, of in self._rows.items()}

    def _chain(self, copy: _Copy, rows: Rows, after: int) -> None:
        """Adds the copy's events to `rows`, and the other rows that an append writes with each event."""
        before = bytes(32)
        for event in self._events:
            stream, seq, command = event.own["stream"](copy), event.row["seq"], event.row["command_id"]
            row = event.copied(copy, stream, before if seq > 1 else bytes(32))
            before = sha256(event_rows.hashed(row, event_rows.BOUND)).digest()
            rows["event"].append((*row.values(), before))
            rows["position"].append((after + event.place, stream, seq))
            if event.receipt is not None:
                own = (copy.id, row["agency"], event.digest, seq, event.receipt(copy))
                rows["receipt"].append((stream, command, *own))
            if seq > 1:
                rows["stream"].pop()
            rows["stream"].append((stream, copy.id, row["agency"], 1, seq, before, row["recorded_at"], seq))
