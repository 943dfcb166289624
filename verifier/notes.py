"""Checkpoints as signed notes, and the policy of required signatures.

The formats are C2SP's signed-note, tlog-checkpoint, tlog-cosignature and tlog-policy, with Ed25519 keys only.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verifier.tree import HASH_BYTES

LOG: Final = 1
WITNESS: Final = 4
"""The kinds of keys: `LOG` signs the text of a note as it is; `WITNESS` signs a checkpoint together with the time."""

MOST_BYTES: Final = 1 << 20
MOST_SIGNATURES: Final = 100
_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
_TIME_BYTES: Final = 8
_NONE: Final = "none"
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SIGNATURE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def is_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the signature of the message by the Ed25519 key with the 32 bytes `public`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


class NoteError(ValueError):
    """A text is not a valid key, note or checkpoint."""


class NotSignedError(Exception):
    """A signature with the name and id of a known key is invalid. The error's text is the key's name."""


@dataclass(frozen=True)
class Key:
    """A key for verifying signatures: its name, its kind of signing, its 32 public bytes."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def read(cls, vkey: str, kind: int) -> Self:
        """Returns the key in a vkey (the public form of a key). Raises `NoteError`, also for another `kind` of key."""
        name, _, rest = vkey.partition("+")
        key = cls(name, kind, _decoded(rest.partition("+")[2])[1:])
        if not name or str(key) != vkey or len(key.public) != _KEY_BYTES:
            raise NoteError("not the key that is meant")
        return key

    def __str__(self) -> str:
        """Returns the key as a vkey."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    @property
    def id(self) -> bytes:
        """The id of the key, which a signature line states after the key's name."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def has_signed(self, text: str, value: bytes) -> bool:
        """Whether `value` is this key's signature of a note with this text."""
        signed, signature = text.encode(), value
        if self.kind == WITNESS:
            at, signature = int.from_bytes(value[:_TIME_BYTES], "big"), value[_TIME_BYTES:]
            signed = f"cosignature/v1\ntime {at}\n{text}".encode()
        return is_signature(self.public, signed, signature)


class Signature(NamedTuple):
    """A signature line of a note: the key's name and id, and the signature."""

    name: str
    id: bytes
    value: bytes


class Note(NamedTuple):
    """A signed text: the text with its last newline, the signatures, and the whole note as bytes."""

    text: str
    signatures: tuple[Signature, ...]
    content: bytes

    def signers(self, known: Iterable[Key]) -> list[Key]:
        """Returns the known keys that have signed. Raises `NotSignedError` if a known key's signature is invalid."""
        keys = {(key.name, key.id): key for key in known}
        found: dict[Key, None] = {}
        for one in self.signatures:
            if key := keys.get((one.name, one.id)):
                if not key.has_signed(self.text, one.value):
                    raise NotSignedError(key.name)
                found[key] = None
        return list(found)


class Checkpoint(NamedTuple):
    """A state of the log named `origin`: size and root of its tree, and further lines that only the log guarantees."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def read_note(content: bytes) -> Note:
    """Parses a note. Raises `NoteError`."""
    try:
        whole = content.decode()
    except UnicodeDecodeError:
        raise NoteError("no checkpoint") from None
    text, _, signed = whole.rpartition("\n\n")
    *lines, rest = signed.split("\n")
    if not text or rest or not 0 < len(lines) <= MOST_SIGNATURES:
        raise NoteError("no checkpoint")
    if len(content) > MOST_BYTES or _CONTROL.search(whole):
        raise NoteError("no checkpoint")
    return Note(f"{text}\n", tuple(map(_signature, lines)), content)


def _signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    value = _decoded(match[2]) if match else b""
    if match is None or len(value) <= _ID_BYTES:
        raise NoteError("no checkpoint")
    return Signature(match[1], value[:_ID_BYTES], value[_ID_BYTES:])


def checkpoint_in(note: Note) -> Checkpoint:
    """Returns the checkpoint in a note. Raises `NoteError`."""
    lines = note.text.removesuffix("\n").split("\n")
    origin, size, root = [*lines, "", ""][:3]
    found = Checkpoint(origin, size_in(size) or 0, _decoded(root), tuple(lines[3:]))
    if not all(lines) or size_in(size) is None or len(found.root) != HASH_BYTES:
        raise NoteError("no checkpoint")
    return found


def size_in(written: str) -> int | None:
    """Parses a size: decimal, without leading zeroes; None if the text is not a size."""
    return int(written) if _SIZE.fullmatch(written) else None


class Witness(NamedTuple):
    """A witness of a policy: its key, and its address, if given."""

    key: Key
    url: str | None = None


class Policy:
    """A policy: the keys of logs and witnesses, groups of witnesses, and the required quorum."""

    def __init__(self, text: str) -> None:
        """Parses a policy. Raises `ValueError`, which names the line."""
        self.logs: list[Key] = []
        self.witnesses: dict[str, Witness] = {}
        self._groups: dict[str, tuple[int, list[str]]] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None
        for number, line in enumerate(text.split("\n"), 1):
            words = re.split("[ \t]+", line.strip(" \t"))
            if words[0] and not words[0].startswith("#"):
                try:
                    self._take(words)
                except ValueError:
                    raise ValueError(f"line {number} of the policy is none") from None
        if self._quorum is None:
            raise ValueError("the policy says no quorum")

    def met(self, signed: Collection[Key]) -> bool:
        """Whether the keys that have cosigned a checkpoint meet the quorum."""
        return self._quorum == _NONE or self._has_word(str(self._quorum), signed)

    def _has_word(self, name: str, signed: Collection[Key]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key in signed
        needed, members = self._groups[name]
        return sum(self._has_word(member, signed) for member in members) >= needed

    def _take(self, words: list[str]) -> None:
        if any(map(_UNFIT.search, words)):
            raise ValueError(words[0])
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self.logs.append(_new_key(vkey, LOG, self.logs))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                known = [one.key for one in self.witnesses.values()]
                self.witnesses[self._new(name)] = Witness(_new_key(vkey, WITNESS, known), *url)
            case ["group", name, needed, *members] if members:
                if len(set(members) - self._members) < len(members):
                    raise ValueError(name)  # one stands in two groups, or twice in one
                self._members.update(members)
                self._groups[self._new(name)] = (_needed(needed, len(members)), list(map(self._known, members)))
            case ["quorum", name] if self._quorum is None:
                self._quorum = name if name == _NONE else self._known(name)
            case _:
                raise ValueError(words[0])

    def _new(self, name: str) -> str:
        if name in {_NONE, *self.witnesses, *self._groups}:
            raise ValueError(name)
        return name

    def _known(self, name: str) -> str:
        if name not in {*self.witnesses, *self._groups}:
            raise ValueError(name)
        return name


def _new_key(vkey: str, kind: int, others: Collection[Key]) -> Key:
    key = Key.read(vkey, kind)
    if key.public in {other.public for other in others}:
        raise ValueError(vkey)
    return key


def _needed(written: str, members: int) -> int:
    needed = {"any": 1, "all": members}.get(written) or (re.fullmatch("[1-9][0-9]{0,3}", written) and int(written))
    if not needed or needed > members:
        raise ValueError(written)
    return needed


def _decoded(written: str) -> bytes:
    """Returns the bytes of a canonical base64 text; empty for any other text."""
    try:
        decoded = b64decode(written, validate=True)
    except ValueError:
        return b""
    return decoded if b64encode(decoded).decode() == written else b""
