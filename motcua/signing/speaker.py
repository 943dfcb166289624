"""A client's connection, its signer (`Voice`), and the receipts of the commands that it sent (`Known`)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from temporalio.client import Client

from motcua import contract as c
from motcua.errors import RefusedError

from .statement import Authenticated, C, Q, Speaker

K = TypeVar("K")
V = TypeVar("V")

_MOST: Final = 1_000
"""The number of latest commands, and of latest streams, that a client remembers."""


class Known:
    """The receipts of the last commands, and the commands that were sent without an answer."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], c.Receipt | None] = OrderedDict()
        self._seen: OrderedDict[str, int] = OrderedDict()

    def seen_seq(self, stream: str) -> int:
        """Returns the highest event number in this stream's receipts; 0 if none is known.

        It is sent as the next command's `seen_seq`: the actor has seen the stream up to this event. The workflow may
        have lost the event again, since a receipt may come from the record.
        """
        return self._seen.get(stream, 0)

    def receipt(self, stream: str, command_id: str) -> c.Receipt | None:
        """Returns the command's receipt; None if this client has none."""
        return self._sent.get((stream, command_id))

    def is_open(self, stream: str, command_id: str) -> bool:
        """Returns True if the command was sent before and got no answer. In that case the record is queried first."""
        key = (stream, command_id)
        return key in self._sent and self._sent[key] is None

    def keep(self, stream: str, command_id: str, receipt: c.Receipt | None) -> None:
        """Remember the receipt, or, with None, that there was no answer."""
        _put(self._sent, (stream, command_id), receipt)
        if receipt is not None:
            _put(self._seen, stream, max(receipt.seq, self.seen_seq(stream)))

    @contextmanager
    def asking(self, stream: str, command_id: str) -> Iterator[None]:
        """Surrounds a call. If the call ends without an answer, such as by a cancellation, the command stays open."""
        try:
            yield
        except RefusedError:
            self._sent.pop((stream, command_id), None)
            raise
        except BaseException:
            self.keep(stream, command_id, None)
            raise


def _put(cache: OrderedDict[K, V], key: K, value: V) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > _MOST:
        cache.popitem(last=False)


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
        """Signs a message; in a thread if another process signs, so that other calls need not wait."""
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
