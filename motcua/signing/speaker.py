"""A client's connection and its signer (`Voice`): the principal in whose name the client signs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from temporalio.client import Client

from motcua import contract as c

from .receipt_cache import Known
from .statement import Authenticated, C, Q, Speaker

T = TypeVar("T")


@dataclass(frozen=True)
class Voice:
    """Signs a client's messages. Without a speaker nothing is signed.

    Each attempt gets a statement of its own, since statements soon expire.

    Attributes:
        speaker: The principal with its key.
        authenticated: How the speaker has authenticated its actors.
        asker: The actor of the questions; None if the principal asks for itself.
    """

    speaker: Speaker | None = None
    authenticated: Authenticated = field(default_factory=Authenticated)
    asker: c.Actor | None = None

    def of(self, asker: c.Actor, authenticated: Authenticated | None = None) -> "Voice":
        """Returns the same signer, for the questions of this actor."""
        return replace(self, asker=asker, authenticated=authenticated or self.authenticated)

    async def command(self, stream: str, command: C) -> C:
        """Returns the command with a signed statement that names its actor."""
        return await self._by(lambda by: by.command(stream, command, self.authenticated), command)

    async def complaint(self, complaint: c.ComplaintStart) -> c.ComplaintStart:
        """Returns the complaint with a signed statement that names its actor."""
        return await self._by(lambda by: by.complaint(complaint, self.authenticated), complaint)

    async def question(self, question: Q) -> Q:
        """Returns the question with a signed statement that names its asker."""
        return await self._by(lambda by: by.question(question, self.authenticated, self.asker), question)

    async def submission(self, submission: c.Submission) -> dict[str, str]:
        """Returns the field to send beside a submission: the signed statement; empty if nothing is signed."""
        return await self._by(lambda by: {"statement": by.submission(submission, self.authenticated)}, {})

    async def _by(self, signed: Callable[[Speaker], T], unsigned: T) -> T:
        """Signs a message.

        If another process signs, this runs in a thread, so that other calls need not wait for it.
        """
        if self.speaker is None:
            return unsigned
        return await asyncio.to_thread(signed, self.speaker) if self.speaker.waits else signed(self.speaker)


@dataclass(frozen=True)
class Line:
    """A client's connection, the seconds for which a call is retried, its signer, and its known receipts."""

    client: Client
    patience: float
    voice: Voice = field(default_factory=Voice)
    known: Known = field(default_factory=Known)
