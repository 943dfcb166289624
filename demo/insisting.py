"""A client for one filing that has a receipt, and so must exist: it retries calls while Temporal lacks the filing."""

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
"""Seconds for which a call is retried: the stack's processes may be killed and restarted meanwhile."""

LOST: Final = 15.0
"""Seconds after which a missing filing is submitted again, which also restores a filing that has ended."""

PAUSE: Final = 1.0


class Insisting:
    """Reads one filing and acts on it. While Temporal lacks the filing, retries until an operator has restarted it."""

    def __init__(self, client: FilingClient, submission: Submission) -> None:
        self._client = client
        self._submission = submission
        self._filing = filing_id(submission.client_id, submission.submission_id)
        self._pages: dict[int, list[str]] = {}

    async def view(self) -> FilingView:
        """Returns the filing's present view."""
        return await self._insist(lambda: self._client.view(self._filing))

    async def referral(self, n: int) -> ReferralView:
        """Returns the filing's n-th referral: a part of the filing that another agency decides."""
        return await self._insist(lambda: self._client.referral(self._filing, n))

    async def actions(self, actor: Actor, part: int | None = None) -> list[Action]:
        """Returns the actions on the filing, or on its referral `part`, each with whether `actor` may do it."""
        return await self._insist(lambda: self._client.actions(self._stream(part), actor))

    async def act(self, command: Command, part: int | None = None) -> None:
        """Gives a command to the filing, or to the referral numbered `part`."""
        await self._insist(lambda: self._client.act(self._stream(part), command))

    def _stream(self, part: int | None) -> UUID | str:
        return self._filing if part is None else referral_workflow(self._filing, part)

    async def last(self, kind: str) -> int | None:
        """Returns the seq of the filing's last event of this kind; None if there is no such event yet."""
        entries = await self._insist(lambda: self._client.timeline(self._filing))
        return max((entry.seq for entry in entries if entry.kind == kind), default=None)

    async def last_of(self, stream: str, kinds: Collection[str]) -> int | None:
        """Returns the seq of the last event of these kinds in one stream of the filing; None without such an event."""
        entries = await self._insist(lambda: self._client.timeline(self._filing, Audience.OFFICER))
        return max((each.seq for each in entries if each.stream == stream and each.kind in kinds), default=None)

    async def payment(self, n: int) -> PaymentView:
        """Returns the filing's n-th payment, and remembers its pay page."""
        view = await self._insist(lambda: self._client.payment(self._filing, n))
        pages, page = self._pages.setdefault(n, []), view.pay_url or view.code
        if page is not None and page not in pages:
            pages.append(page)
        return view

    async def requested(self, n: int) -> bool:
        """Returns whether the filing's n-th payment has requested money."""
        stream = payment_workflow(self._filing, n)
        entries = await self._insist(lambda: self._client.timeline(self._filing))
        return any(each.kind == "payment_ordered" and each.stream == stream for each in entries)

    def pay_pages(self, n: int) -> list[str]:
        """Returns the n-th payment's pay pages (or the texts of its QR codes) that this client has seen, oldest first.

        The timeline has no pay page, since a page's address may contain the payer's address.
        """
        return self._pages[n]

    async def complain(self, complaint: ComplaintStart) -> None:
        """Makes a complaint about the filing."""
        await self._insist(lambda: self._client.complain(complaint))

    async def complaints(self) -> list[ComplaintView]:
        """Returns the complaints about the filing, with their outcomes."""
        return await self._insist(lambda: self._client.complaints(self._filing))

    async def actions_on(self, stream: str, actor: Actor) -> list[Action]:
        """Returns the actions on another stream of the filing, each with whether `actor` may do it."""
        return await self._insist(lambda: self._client.actions(stream, actor))

    async def act_on(self, stream: str, command: Command) -> None:
        """Gives a command to another stream of the filing."""
        await self._insist(lambda: self._client.act(stream, command))

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
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
