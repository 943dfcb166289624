"""The client of somebody who holds a receipt: the filing is there, whatever the engine says just now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeVar
from uuid import UUID

from motcua import FilingClient, FilingNotAvailable, NotReady
from schemas.complaint.state import ComplaintStart, ComplaintView
from schemas.filing.commands import Command
from schemas.filing.state import Action, FilingView
from schemas.filing.submission import Submission
from schemas.ids import filing_id, payment_workflow, referral_workflow
from schemas.payment.state import PaymentView
from schemas.people import Actor
from schemas.reading import Audience
from schemas.referral.state import ReferralView

T = TypeVar("T")

PATIENCE: Final = 180.0
"""Seconds that a call keeps trying: parts may be killed and started again meanwhile."""

LOST: Final = 15.0
"""Seconds after which a filing that is not there is handed in once more, which brings back also one that has ended."""

PAUSE: Final = 1.0


class Insisting:
    """Looks at one filing and acts on it. While it is lost, it asks again: an operator starts it again from the log."""

    def __init__(self, client: FilingClient, submission: Submission) -> None:
        self._client = client
        self._submission = submission
        self._filing = filing_id(submission.client_id, submission.submission_id)

    async def view(self) -> FilingView:
        """What is shown of it."""
        return await self._found(lambda: self._client.view(self._filing))

    async def referral(self, n: int) -> ReferralView:
        """What is shown of its n-th part that another agency decides."""
        return await self._found(lambda: self._client.referral(self._filing, n))

    async def actions(self, actor: Actor, part: int | None = None) -> list[Action]:
        """What `actor` can do with it, or with this part, and what not."""
        return await self._found(lambda: self._client.actions(self._stream(part), actor))

    async def act(self, command: Command, part: int | None = None) -> None:
        """Give a command."""
        await self._found(lambda: self._client.act(self._stream(part), command))

    def _stream(self, part: int | None) -> UUID | str:
        return self._filing if part is None else referral_workflow(self._filing, part)

    async def last(self, kind: str) -> int | None:
        """The seq of the filing's last event of this kind; None before there is one."""
        entries = await self._found(lambda: self._client.timeline(self._filing))
        return max((entry.seq for entry in entries if entry.kind == kind), default=None)

    async def last_of(self, stream: str, kinds: Collection[str]) -> int | None:
        """The seq of the last event of these kinds in another of its streams; None before there is one."""
        entries = await self._found(lambda: self._client.timeline(self._filing, Audience.OFFICER))
        return max((each.seq for each in entries if each.stream == stream and each.kind in kinds), default=None)

    async def payment(self, n: int) -> PaymentView:
        """What is shown of its n-th payment."""
        return await self._found(lambda: self._client.payment(self._filing, n))

    async def pay_pages(self, n: int) -> list[str]:
        """Every page, or code to scan, by which its n-th payment was asked for, the oldest first."""
        entries = await self._found(lambda: self._client.timeline(self._filing))
        stream = payment_workflow(self._filing, n)
        ordered = [each.body or {} for each in entries if each.kind == "payment_ordered" and each.stream == stream]
        return [str(body.get("pay_url") or body.get("code")) for body in ordered]

    async def complain(self, complaint: ComplaintStart) -> None:
        """Make a complaint."""
        await self._found(lambda: self._client.complain(complaint))

    async def complaints(self) -> list[ComplaintView]:
        """What became of the complaints about it."""
        return await self._found(lambda: self._client.complaints(self._filing))

    async def actions_on(self, stream: str, actor: Actor) -> list[Action]:
        """What `actor` can do with another of its streams, and what not."""
        return await self._found(lambda: self._client.actions(stream, actor))

    async def act_on(self, stream: str, command: Command) -> None:
        """Give a command to another of its streams."""
        await self._found(lambda: self._client.act(stream, command))

    async def _found(self, ask: Callable[[], Awaitable[T]]) -> T:
        begun = time.monotonic()
        while True:
            try:
                return await ask()
            except (FilingNotAvailable, NotReady):
                passed = time.monotonic() - begun
                if passed > PATIENCE:
                    raise
                if passed > LOST:
                    await self._client.submit(self._submission)
            await asyncio.sleep(PAUSE)
