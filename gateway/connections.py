"""Bounds the gateway's connections, so that clients that send nothing, or too slowly, leave room for others.

uvicorn waits for the end of a request's head as long as the client likes, and for any number of clients.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass
class Connections:
    """The open connections, counted by peer address, and their limits.

    `most`: the maximum number in all; `of_one`: the maximum for one address; `head_seconds`: the time for a request's
    head.
    """

    most: int
    of_one: int
    head_seconds: float
    open: Counter[str] = field(default_factory=Counter)

    def take(self, peer: str) -> bool:
        """Counts a new connection of this address. Returns False if there is no room for it."""
        if self.open.total() >= self.most or self.open[peer] >= self.of_one:
            return False
        self.open[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        """Counts a connection as closed."""
        self.open[peer] -= 1
        self.open += Counter()  # only those that are open


class Bounded(H11Protocol):
    """uvicorn's protocol within bounds. A connection for which there is no room, or with a slow head, is cut."""

    bounds: ClassVar[Connections]

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._peer: str | None = None
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Takes the connection, if there is room for it."""
        super().connection_made(transport)
        peer = str((transport.get_extra_info("peername") or ("",))[0])
        if not self.bounds.take(peer):
            transport.abort()
            return
        self._peer = peer
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Makes room for another connection."""
        self._forget_head()
        if self._peer is not None:
            self.bounds.leave(self._peer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Processes received bytes. The time for a head does not start again with each part of the head.

        If a request is answered before its body has ended, the rest of the body has the same time limit.
        """
        self._await_head()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE and self.conn.our_state is not h11.DONE:
            self._forget_head()

    def _await_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(self.bounds.head_seconds, self.transport.abort)

    def _forget_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


def bounded(connections: Connections) -> type[Bounded]:
    """Returns the protocol with these bounds."""
    return type("Bounded", (Bounded,), {"bounds": connections})
