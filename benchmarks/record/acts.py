"""A process that plays rounds of one kind of act: submissions, commands or views of filings. `guards.py` starts it.

Run as `python -m benchmarks.record.acts`. It has its own stack, workers and client, configured by its environment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final
from uuid import UUID

from benchmarks.load import Round, measure
from benchmarks.peer.asked import Answers
from benchmarks.sides import AGENCY, VIA, Filed, Product, Timed
from benchmarks.stage import scene
from motcua.configured_speaker import speaker_here
from motcua.payloads.codec import ring_of_client
from schemas.filing import commands as cm
from schemas.people import Actor, Role

SUBMIT: Final = "submit"
COMMAND: Final = "command"
VIEW: Final = "view"
ACTS: Final = (SUBMIT, COMMAND, VIEW)
_RECEPTION: Final = Actor(subject=f"{AGENCY.lower()}-reception-1", role=Role.RECEPTION, agency=AGENCY)


class Acts:
    """Submits filings; gives commands to the filings of the last round of submissions, and views them, in turn.

    The filings all fit in the worker's cache, so no replay is measured (see `benchmarks/watching/memory.py`).
    """

    def __init__(self, product: Product) -> None:
        self._client = product.client
        self._product = product
        self._filings: list[UUID] = []
        self._turn = count()

    def of(self, act: str) -> Acting:
        if act == SUBMIT:
            self._filings.clear()
        return Acting(act, {SUBMIT: self._submit, COMMAND: self._ask, VIEW: self._view}[act])

    async def _submit(self, timed: Timed) -> None:
        self._filings.append(await self._product.submit(timed))

    async def _ask(self, timed: Timed) -> None:
        n, filing = self._next()
        asks = cm.Ask(command_id=f"ask-{n}", actor=_RECEPTION, via=VIA, question="Xin cho biết số điện thoại?")
        await timed.call(COMMAND, self._client.act(filing, asks))

    async def _view(self, timed: Timed) -> None:
        _, filing = self._next()
        await timed.call(VIEW, self._client.as_(_RECEPTION, VIA).view(filing))

    def _next(self) -> tuple[int, UUID]:
        n = next(self._turn)
        return n, self._filings[n % len(self._filings)]


class Acting:
    """One kind of act, in the form that `benchmarks.load` measures."""

    def __init__(self, name: str, act: Callable[[Timed], Awaitable[None]]) -> None:
        self.name = name
        self._act = act

    async def file(self) -> Filed:
        timed = Timed()
        await self._act(timed)
        return Filed(("", ""), timed.seconds)


async def main() -> None:
    """Sets everything up, reports whether encryption and identity statements are on, and plays the requested rounds."""
    answers = Answers()
    async with scene() as on:
        product, _ = on.sides
        acts = Acts(product)

        guarded = {"sealed": ring_of_client(on.client) is not None, "signed": speaker_here(on.env) is not None}

        async def play_round(concurrency: int, seconds: float, act: str) -> Round:
            return await measure(acts.of(act), concurrency, seconds, on.pids[product.name])

        await answers.serve(guarded, play_round)


if __name__ == "__main__":
    asyncio.run(main())
