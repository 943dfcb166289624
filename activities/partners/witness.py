"""Witnesses of the log, by C2SP tlog-witness: who has seen a checkpoint, and that it only adds to those before."""

from __future__ import annotations

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
"""The first may name a size that is not the witness's; another log run may come between."""

Proof = Callable[[int], Awaitable[list[bytes]]]


class ContradictedError(Exception):
    """A witness has seen a tree that this one does not add to."""


@dataclass(frozen=True)
class Witness:
    """One witness: where it is asked, and its key."""

    client: httpx.AsyncClient
    url: str
    key: Verifier

    async def cosign(self, note: Note, old: int, proof_from: Proof) -> Signature:
        """Its cosignature of a checkpoint. `old` is the size that it is taken to have seen last.

        Raises:
            ContradictedError: It has seen another tree, or a larger one.
            UnreachableError: It gave no answer that can be used.
            RejectedError: It does not know this log or its key.
        """
        size = Checkpoint.read(note.text).size
        for _ in range(_TRIES):
            answer = await self._post(Request(old, tuple(await proof_from(old)), note))
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

    async def _post(self, request: Request) -> httpx.Response:
        return await self._request("POST", "add-checkpoint", bytes(request))

    async def _request(self, method: str, path: str, content: bytes) -> httpx.Response:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self.client.request(method, f"{self.url.rstrip('/')}/{path}", content=content)
        except (httpx.HTTPError, TimeoutError) as error:
            raise UnreachableError(self.key.name, type(error).__name__) from None
