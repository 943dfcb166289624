"""In whose name a client speaks, and the line on which it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from temporalio.client import Client

from . import contract as c
from .known import Known
from .speaking import Authenticated, C, Q, Speaker

T = TypeVar("T")


@dataclass(frozen=True)
class Voice:
    """Signs what a client sends. Without a speaker nothing is signed.

    A statement is made for each attempt, since it soon runs out.

    Attributes:
        speaker: The principal with its key.
        authenticated: How it has authenticated those for whom it speaks.
        asker: For whom it asks; None where it asks by itself.
    """

    speaker: Speaker | None = None
    authenticated: Authenticated = field(default_factory=Authenticated)
    asker: c.Actor | None = None

    def of(self, asker: c.Actor, authenticated: Authenticated | None = None) -> Voice:
        """The same, which asks for this actor."""
        return replace(self, asker=asker, authenticated=authenticated or self.authenticated)

    async def command(self, stream: str, command: C) -> C:
        """The command, with a statement of its actor."""
        return await self._by(lambda by: by.command(stream, command, self.authenticated), command)

    async def complaint(self, complaint: c.ComplaintStart) -> c.ComplaintStart:
        """The complaint, with a statement of its actor."""
        return await self._by(lambda by: by.complaint(complaint, self.authenticated), complaint)

    async def question(self, question: Q) -> Q:
        """The question, with a statement of who asks."""
        return await self._by(lambda by: by.question(question, self.authenticated, self.asker), question)

    async def submission(self, submission: c.Submission) -> dict[str, str]:
        """What goes beside a submission: a statement of its actor, or nothing."""
        return await self._by(lambda by: {"statement": by.submission(submission, self.authenticated)}, {})

    async def _by(self, signed: Callable[[Speaker], T], unsigned: T) -> T:
        """Signed; in a thread where another process does it, for which the others here need not wait."""
        if self.speaker is None:
            return unsigned
        return await asyncio.to_thread(signed, self.speaker) if self.speaker.waits else signed(self.speaker)


@dataclass(frozen=True)
class Line:
    """Over which connection a client speaks, for how many seconds a call tries, in whose voice, what it has heard."""

    client: Client
    patience: float
    voice: Voice = field(default_factory=Voice)
    known: Known = field(default_factory=Known)
