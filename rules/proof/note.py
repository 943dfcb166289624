"""Signed notes (C2SP signed-note): a text with the signature lines of named keys; only Ed25519.

A key of a log (type 1) signs the text as it is. A key of a witness (type 4, tlog-cosignature) signs the text together
with the time.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

MOST_SIGNATURES: Final = 100
MOST_BYTES: Final = 1 << 20
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_PRIVATE: Final = "PRIVATE+KEY+"
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")
_SIGNATURE: Final = re.compile(r"— (?P<name>\S+) (?P<value>[A-Za-z0-9+/]+={0,2})")


class NoteError(ValueError):
    """A note or a key is malformed, or a signature by a known key is not valid."""


class Kind(IntEnum):
    """The kind of a key, which decides the signed bytes: a log signs the text, a witness the text with the time."""

    LOG = 1
    WITNESS = 4


class Signature(NamedTuple):
    """A signature line of a note: the key's name and id, and the signature itself."""

    name: str
    id: bytes
    value: bytes

    def __str__(self) -> str:
        """The signature as a line of a note, without the line end."""
        return f"— {self.name} {b64encode(self.id + self.value).decode()}"


@dataclass(frozen=True)
class Note:
    """A text, which ends with a new line, and its signatures."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __bytes__(self) -> bytes:
        """The note in its written form."""
        return f"{self.text}\n{lines(self.signatures)}".encode()

    def signed(self, *more: Signature) -> "Note":
        """The note with `more` signatures; each replaces an older signature by the same key."""
        new = {(one.name, one.id) for one in more}
        return Note(self.text, (*(one for one in self.signatures if (one.name, one.id) not in new), *more))


def lines(signatures: Iterable[Signature]) -> str:
    """Signatures as the lines of a note."""
    return "".join(f"{one}\n" for one in signatures)


def read_note(content: bytes) -> Note:
    """The note in these bytes. Raises `NoteError`."""
    try:
        whole = content.decode()
    except UnicodeDecodeError:
        raise NoteError("the note is not UTF-8") from None
    text, parted, signed = whole.rpartition("\n\n")
    if not parted or not text or len(content) > MOST_BYTES or _CONTROL.search(whole):
        raise NoteError("not a signed note")
    return Note(f"{text}\n", read_signatures(signed))


def read_signatures(written: str) -> tuple[Signature, ...]:
    """The signatures in these lines, at least one. Raises `NoteError`."""
    *found, rest = written.split("\n")
    if rest or not 0 < len(found) <= MOST_SIGNATURES:
        raise NoteError("a note ends with its signatures, each on a line of its own")
    return tuple(map(_signature, found))


def _signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    value = _decoded(match["value"]) if match else b""
    if match is None or "+" in match["name"] or len(value) <= _ID_BYTES:
        raise NoteError("not the line of a signature")
    return Signature(match["name"], value[:_ID_BYTES], value[_ID_BYTES:])


@dataclass(frozen=True)
class Verifier:
    """A public key for verification: its name, its kind, its 32 bytes."""

    name: str
    kind: Kind
    public: bytes

    @property
    def id(self) -> bytes:
        """The id of the key; a signature line has it after the name of the key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """The key in its public form, called a vkey."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def read(cls, vkey: str) -> Self:
        """The key in this vkey (the public form of a key). Raises `NoteError`."""
        key = cls(*_key(vkey, vkey))
        if str(key) != vkey:
            raise NoteError("the id of the key is not that of its name and bytes")
        return key

    def check(self, text: str, value: bytes) -> int | None:
        """The time in a witness's valid signature, in seconds since 1970; None for a log's signature.

        Raises `NoteError` if the signature is not valid.
        """
        at = None
        signed, signature = text.encode(), value
        if self.kind is Kind.WITNESS:
            at = int.from_bytes(value[:_TIME_BYTES], "big")
            signed, signature = cosigned(text, at), value[_TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except (InvalidSignature, ValueError):
            raise NoteError(f"{self.name} has not signed this") from None
        return at


@dataclass(frozen=True)
class Signer:
    """A signing key. Its secret never shows in a repr."""

    verifier: Verifier
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, name: str, kind: Kind, secret: bytes) -> Self:
        """The key of this name with these 32 secret bytes. Raises `NoteError` for an invalid name or length."""
        if not is_name(name) or len(secret) != _KEY_BYTES:
            raise NoteError("the name of a key has no space and no plus")
        public = Ed25519PrivateKey.from_private_bytes(secret).public_key()
        return cls(Verifier(name, kind, public.public_bytes(Encoding.Raw, PublicFormat.Raw)), secret)

    @classmethod
    def new(cls, name: str, kind: Kind) -> Self:
        """A new key. Raises the errors of `of`."""
        secret = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return cls.of(name, kind, secret)

    @classmethod
    def read(cls, written: str) -> Self:
        """The key in this text. Raises `NoteError`, whose message shows no part of the text."""
        key = written.strip()
        name, kind, secret = _key(key.removeprefix(_PRIVATE), key)
        signer = cls.of(name, kind, secret)
        if signer.written() != key:
            raise NoteError("not the secret key of a signed note")
        return signer

    def written(self) -> str:
        """The key as a key file has it, in the format of Go's `sumdb/note`."""
        kind = bytes([self.verifier.kind])
        key = b64encode(kind + self.secret).decode()
        return f"{_PRIVATE}{self.verifier.name}+{self.verifier.id.hex()}+{key}"

    def named(self, name: str) -> "Signer":
        """This key under another name."""
        return Signer.of(name, self.verifier.kind, self.secret)

    def sign(self, text: str, at: int | None = None) -> Signature:
        """Signs a text. A witness also signs a time: `at`, in seconds since 1970."""
        key = Ed25519PrivateKey.from_private_bytes(self.secret)
        if at is None:
            value = key.sign(text.encode())
        else:
            value = at.to_bytes(_TIME_BYTES, "big") + key.sign(cosigned(text, at))
        return Signature(self.verifier.name, self.verifier.id, value)


class Signed(NamedTuple):
    """A key that signed a note, and the time in its signature; the time is None for a log's key."""

    by: Verifier
    at: int | None


def signers(note: Note, known: Iterable[Verifier]) -> list[Signed]:
    """The known keys that signed a note. Raises `NoteError` if the signature by a known key is wrong."""
    keys = {(key.name, key.id): key for key in known}
    found = {}
    for one in note.signatures:
        if key := keys.get((one.name, one.id)):
            found[key] = Signed(key, key.check(note.text, one.value))
    return list(found.values())


def cosigned(text: str, at: int) -> bytes:
    """The bytes that a witness signs (`cosignature/v1`)."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def is_name(name: str) -> bool:
    """Whether this is a valid name of a key."""
    return bool(name) and "+" not in name and not any(map(str.isspace, name)) and not _CONTROL.search(name)


def _key(written: str, whole: str) -> tuple[str, Kind, bytes]:
    name, _, rest = written.partition("+")
    key = _decoded(rest.partition("+")[2])
    if not is_name(name) or len(key) != 1 + _KEY_BYTES or len(whole) > MOST_BYTES:
        raise NoteError("not the key of a signed note")
    try:
        return name, Kind(key[0]), key[1:]
    except ValueError:
        raise NoteError("a key of this kind is not known here") from None


def _decoded(written: str) -> bytes:
    try:
        decoded = b64decode(written, validate=True)
    except ValueError:
        return b""
    return decoded if b64encode(decoded).decode() == written else b""
