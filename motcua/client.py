"""The integrator's client: file, act, ask and follow; each call is retried safely until the platform answers."""

import asyncio
from dataclasses import replace
from typing import Self
from uuid import UUID

from temporalio.client import Client

from . import contract as c
from .calls.acting import ActingClient
from .calls.arguments import Call
from .calls.event_loop import REST
from .calls.line import Line
from .calls.questions import stream_of
from .calls.retry import DEFAULT_PATIENCE
from .calls.sending import Sending
from .calls.sending import command_id as command_id
from .configured_speaker import authenticated_here, speaker_here
from .connection import connect, speaking_ours
from .signing import Authenticated, Speaker, Voice


class FilingClient(Sending):
    """Files and follows filings (hồ sơ).

    Every call is idempotent, and is retried while the platform can't be reached, for up to `patience` seconds.

    Raises, from every method:
        RefusedError: The platform refused the message; see the subclasses of this error.
        FilingNotAvailable: There never was such a filing.
        UnfitError: An argument is of another type, or out of range; nothing was sent.
        Unavailable: There was no answer within `patience`.

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
        """Makes a client on a connection.

        Args:
            client: The client of Temporal.
            speaker: Signs every message; without one nothing is signed.
            authenticated: How the speaker has authenticated the actors; `as_` can replace it for one actor.
            patience: Seconds for which a call is retried.

        Raises:
            UnfitError: An argument is of another type, or out of range.
        """
        Call(speaker=speaker, authenticated=authenticated, patience=patience)
        voice = Voice(speaker, authenticated or Authenticated())
        super().__init__(Line(speaking_ours(client), patience, voice))

    @classmethod
    async def connect(
        cls, address: str | None = None, *, namespace: str | None = None, patience: float = DEFAULT_PATIENCE
    ) -> Self:
        """Returns a client for the server that `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_TLS_*` … describe.

        The client connects at its first call. It signs its messages if `MOTCUA_IDENTITY_PRINCIPAL` and a key are set.

        Args:
            address: `host:port`; if None, the environment's address, else `localhost:7233`.
            namespace: The namespace; if None, the environment's.
            patience: Seconds for which a call is retried.

        Raises:
            MotcuaError: The settings in the environment can't be used.
        """
        Call(address=address, namespace=namespace, patience=patience)
        client = await connect(address, namespace=namespace)
        speaker = await asyncio.to_thread(speaker_here)
        return cls(client, speaker=speaker, authenticated=authenticated_here(), patience=patience)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Lets the SDK's threads finish: a process that ends while they work may abort (sdk-python#300)."""
        await asyncio.sleep(REST)

    def as_(self, actor: c.Actor, via: c.Via, *, authenticated: Authenticated | None = None) -> ActingClient:
        """Returns this client bound to one actor: every message then contains `actor` and `via`.

        Args:
            actor: The person or system that gives commands and asks questions.
            via: The program, and its channel.
            authenticated: How the program has authenticated the actor, if it signs.

        Example:
            >>> from motcua import Withdraw
            >>> receipt = await client.submit(submission)
            >>> citizen = client.as_(submission.actor, submission.via)
            >>> (await citizen.act(filing_id, Withdraw, command_id="withdraw-1", reason="filed twice")).command_id
            'withdraw-1'
        """
        Call(actor=actor, via=via, authenticated=authenticated)
        line = replace(self._line, voice=self._line.voice.of(actor, authenticated))
        return ActingClient(line, actor, via)

    async def actions(self, target: UUID | str, actor: c.Actor) -> list[c.Action]:
        """Returns every command of the stream; for each, whether `actor` can give it now, and if not, why."""
        return await self._answer(c.AskActions(stream=stream_of(target), actor=actor))
