"""The integrator's client: file, act, ask and follow, safely repeated until the platform has answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final, Self
from uuid import UUID

from temporalio.client import Client

from . import contract as c
from .acting import ActingClient
from .connection import connect, speaking_ours
from .patience import DEFAULT_PATIENCE
from .questions import stream_of
from .sending import Sending
from .sending import command_id as command_id
from .speaker_here import authenticated_here, speaker_here
from .speaking import Authenticated, Speaker
from .voice import Line, Voice

REST: Final = 0.1
"""Seconds in which the engine's threads come to rest."""


class FilingClient(Sending):
    """Files and follows filings (hồ sơ).

    Every call is safe to repeat, and repeats itself while the platform can't be reached, for up to `patience` seconds.

    Raises, from every method:
        RefusedError: The platform said no; see its subclasses.
        FilingNotAvailable: There never was such a filing.
        Unavailable: The patience is over.

    Example:
        >>> receipt = await client.submit(submission)
        >>> receipt.command_id
        'submit'
    """

    def __init__(
        self,
        client: Client,
        *,
        speaker: Speaker | None = None,
        authenticated: Authenticated | None = None,
        patience: float = DEFAULT_PATIENCE,
    ) -> None:
        """A client on a connection.

        Args:
            client: Of Temporal.
            speaker: Signs whatever is sent; without one nothing is signed.
            authenticated: How it has authenticated those who act, unless `as_` says otherwise.
            patience: Seconds that a call keeps trying.
        """
        voice = Voice(speaker, authenticated or Authenticated())
        super().__init__(Line(speaking_ours(client), patience, voice))

    @classmethod
    async def connect(
        cls, address: str | None = None, *, namespace: str | None = None, patience: float = DEFAULT_PATIENCE
    ) -> Self:
        """A client as `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_TLS_*` … say; it connects at the first call.

        It signs what it sends where `MOTCUA_IDENTITY_PRINCIPAL` and a key say by whom.

        Args:
            address: `host:port`, instead of what the environment says; `localhost:7233` where nothing says anything.
            namespace: Instead of what the environment says.
            patience: Seconds that a call keeps trying.

        Raises:
            MotcuaError: What the environment says can't be used.
        """
        client = await connect(address, namespace=namespace)
        speaker = await asyncio.to_thread(speaker_here)
        return cls(client, speaker=speaker, authenticated=authenticated_here(), patience=patience)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let the engine's threads come to rest: a process that ends while they work may abort (sdk-python#300)."""
        await asyncio.sleep(REST)

    def as_(self, actor: c.Actor, via: c.Via, *, authenticated: Authenticated | None = None) -> ActingClient:
        """The same client for one who acts and asks: `actor` and `via` are said once, and stand in whatever is sent.

        Args:
            actor: Who it is.
            via: The program, and its channel.
            authenticated: How the program has authenticated them, where it signs.

        Example:
            >>> from motcua import Withdraw
            >>> receipt = await client.submit(submission)
            >>> citizen = client.as_(submission.actor, submission.via)
            >>> (await citizen.act(filing_id, Withdraw, command_id="withdraw-1", reason="filed twice")).command_id
            'withdraw-1'
        """
        line = replace(self._line, voice=self._line.voice.of(actor, authenticated))
        return ActingClient(line, actor, via)

    async def actions(self, target: UUID | str, actor: c.Actor) -> list[c.Action]:
        """Every command, and whether `actor` can give it now, with the reason where not."""
        return await self._asked(c.AskActions(stream=stream_of(target), actor=actor), list[c.Action])
