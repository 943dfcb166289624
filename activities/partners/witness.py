"""Witnesses of the log (C2SP tlog-witness): each cosigns a checkpoint that extends the last one it cosigned."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from activities.partners.http import TIMEOUT_S, RejectedError, UnreachableError
from rules.proof.checkpoint import Checkpoint, size_in
from rules.proof.note import Note, NoteError, Signature, Verifier, read_signatures, signers
from rules.proof.witness import Request

_TRIES: Final = 3
"""The maximum attempts: the first may name a size that the witness has not seen, and another run may interfere."""

Proof = Callable[[int], Awaitable[list[bytes]]]


class ContradictedError(Exception):
    """A witness has seen a tree that our tree does not extend."""


@dataclass(frozen=True)
class Witness:
    """One witness: its address and its key."""

    client: httpx.AsyncClient
    url: str
    key: Verifier

    async def cosign(self, note: Note, old: int, proof_from: Proof) -> Signature:
        """Returns the witness's cosignature of a checkpoint. `old` is the size that the witness presumably saw last.

        Raises `ContradictedError` if the witness has seen another or a larger tree, `UnreachableError` if there is no
        usable answer, and `RejectedError` if the witness does not know this log.
        """
        size = Checkpoint.read(note.text).size
        for _ in range(_TRIES):
            request = Request(old, tuple(await proof_from(old)), note)
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    answer = await self.client.post(f"{self.url.rstrip('/')}/add-checkpoint", content=bytes(request))
            except (httpx.HTTPError, TimeoutError) as error:
                raise UnreachableError(self.key.name, type(error).__name__) from None
            if answer.status_code != HTTPStatus.CONFLICT:
                return self._cosigned(note, answer)
            seen = size_in(answer.text.removesuffix("\n"))
            if seen is None:
                raise UnreachableError(self.key.name, "unreadable answer")
            if seen > size:
                raise ContradictedError(f"{self.key.name} has seen {seen} events already, here are {size}")
            old = seen
        raise UnreachableError(self.key.name, "it changes its mind")

    def _cosigned(self, note: Note, answer: httpx.Response) -> Signature:
        if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise ContradictedError(f"{self.key.name} has seen other events than these")
        if answer.is_client_error:
            raise RejectedError(self.key.name, answer.status_code, f"http_{answer.status_code}")
        try:
            found = Note(note.text, read_signatures(answer.text)) if answer.is_success else Note("")
            signed = signers(found, [self.key])
        except NoteError:
            signed = []
        if not signed:
            raise UnreachableError(self.key.name, f"no cosignature, HTTP {answer.status_code}")
        [ours] = [one for one in found.signatures if (one.name, one.id) == (self.key.name, self.key.id)][-1:]
        return ours
