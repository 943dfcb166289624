"""Plays the stories of the demo while the lab kills the worker under each command."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from demo import player
from demo import running as demo
from demo.applicant import Filer
from demo.player import Player
from demo.scenario import SCENARIOS, Scenario, load
from demo.world.absence import Absences
from demo.world.paying import Paying
from deploy.stack import Stack
from deploy.stack.registering import publisher
from motcua.files.store import Store, open_store
from tests.acting import eventually
from tests.conftest import PARTS, SUGGEST, world_of
from tests.faults.heard.figures import Figures
from tests.faults.heard.lab import lab, say
from workers.settings import Identity

LONGEST: Final = 3600.0
"""The maximum duration, in seconds, of a story whose worker is killed at every step."""
AT_ONCE: Final = 60


def stories() -> list[Scenario]:
    """Returns the stories that need no whole stack."""
    return [scenario for scenario in load(SCENARIOS) if not scenario.in_whole_stack]


@asynccontextmanager
async def _stack(folder: Path, suggest: int | None) -> AsyncIterator[Stack]:
    """Yields a stack whose workflows continue as new after `suggest` events; calls wait long enough for many kills."""
    async with Stack(folder, parts=PARTS, temporal={} if suggest is None else {SUGGEST: str(suggest)}) as stack:
        with patch.object(player, "LONGEST", LONGEST), patch.object(eventually, "__defaults__", (LONGEST,)):
            yield stack


async def play_stories(
    folder: Path,
    figures: Figures,
    identity: Identity,
    *,
    chosen: Sequence[Scenario] | None = None,
    suggest: int | None = None,
) -> None:
    """Plays the stories of the demo; their outcomes are not checked."""
    scenarios = stories() if chosen is None else chosen
    async with _stack(folder, suggest) as stack:
        owner = stack.env["MOTCUA_OWNER_DATABASE_URL"]
        versions = await demo.publish(owner, publisher(stack.env), scenarios)
        base = await world_of(stack.env, folder)
        async with lab(base, folder, figures, identity=identity) as (trying, world), world.back_office():
            beside = {**Absences(world.client, owner).words, **Paying(world.env["MOTCUA_BANK_URL"]).words}
            playing = Player(world.client, versions, beside)
            run, store = secrets.token_hex(4)[:7].upper(), Store(open_store(world.objects))
            places = asyncio.Semaphore(AT_ONCE)

            async def one(n: int, scenario: Scenario) -> None:
                async with places:
                    played = await playing.play(scenario, Filer(run, n, store, world.env["MOTCUA_TRUST_URL"]))
                if played.problems:
                    say(f"{scenario.name}: {played.problems}")

            await trying.all_given(asyncio.create_task(one(n, scenario)) for n, scenario in enumerate(scenarios, 1))
            await trying.replay()
