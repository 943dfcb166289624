"""The requests by which a log has a witness cosign, and the witness's answers (C2SP tlog-witness, `add-checkpoint`)."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from rules.proof.checkpoint import Checkpoint, size_in
from rules.proof.note import Note, NoteError, Verifier, read_note, signers
from rules.proof.tree import EMPTY_ROOT, HASH_BYTES, ProofError, verify_consistency

MOST_PROOF_LINES: Final = 63
SIZE_TYPE: Final = "text/x.tlog.size"
"""The content type of the body of an HTTP 409, which is the size that the witness cosigned last."""
_OLD: Final = "old "


@dataclass(frozen=True)
class Request:
    """A checkpoint, and the proof that it extends the log's checkpoint of `old` events."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def __bytes__(self) -> bytes:
        """The request as the body of an HTTP request."""
        proof = "".join(f"{b64encode(one).decode()}\n" for one in self.proof)
        return f"{_OLD}{self.old}\n{proof}\n".encode() + bytes(self.note)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The request in this body. Raises `NoteError`."""
        head, _, note = body.partition(b"\n\n")
        try:
            first, *proof = head.decode("ascii").split("\n")
            hashes = tuple(b64decode(line, validate=True) for line in proof)
        except ValueError:
            raise NoteError("not a request to a witness") from None
        old = size_in(first.removeprefix(_OLD))
        whole = first.startswith(_OLD) and len(hashes) <= MOST_PROOF_LINES
        if old is None or not whole or any(len(one) != HASH_BYTES for one in hashes):
            raise NoteError("not a request to a witness")
        return cls(old, hashes, read_note(note))


class Seen(NamedTuple):
    """The tree of a log as the witness last cosigned it."""

    size: int
    root: bytes


NOTHING: Final = Seen(0, EMPTY_ROOT)


class Refused(NamedTuple):
    """A witness's refusal: the HTTP status; and the size it cosigned last, if the size in the request differs."""

    status: int
    size: int | None = None


def judged(request: Request, logs: Iterable[Verifier], seen: Seen) -> Checkpoint | Refused:
    """The checkpoint that a witness may cosign, or the refusal.

    `logs` are the keys that the witness trusts for the checkpoint's origin; `seen` is the tree that the witness
    cosigned last for this origin.
    """
    known = tuple(logs)
    if not known:
        return Refused(404)
    try:
        checkpoint = Checkpoint.read(request.note.text)
    except NoteError:
        return Refused(400)
    try:
        trusted = signers(request.note, known)
    except NoteError:
        trusted = []
    if not trusted:
        return Refused(403)
    if request.old > checkpoint.size:
        return Refused(400)
    if request.old != seen.size:
        return Refused(409, seen.size)
    return checkpoint if _follows(checkpoint, request.proof, seen) else Refused(422)


def _follows(checkpoint: Checkpoint, proof: Sequence[bytes], seen: Seen) -> bool:
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return False
    try:
        verify_consistency(seen.size, seen.root, checkpoint.size, checkpoint.root, proof)
    except ProofError:
        return False
    return True
