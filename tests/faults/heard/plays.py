"""What is played: the stories of the demo, and what they do not tell."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from demo import player
from demo import running as demo
from demo.absence import Absences
from demo.applicant import Filer
from demo.paying import Paying
from demo.player import Player
from demo.scenario import SCENARIOS, Scenario, load
from deploy.stack import Stack
from deploy.stack.publisher import publisher
from motcua import MotcuaError
from motcua.store import Store, open_store
from operations.publishing import catalogue
from schemas.filing.commands import Claim, Reassign, Release, Withdraw
from schemas.filing.state import Stage
from schemas.ids import referral_workflow
from schemas.people import Actor, Role
from schemas.referral.commands import AnswerPart
from schemas.result.commands import RenewResult
from tests.acting import AGENCY, FILE, POLICE, Doubtful, Play, eventually, extract, officer, refer
from tests.conftest import PARTS, SUGGEST, publish_demo, world_of
from tests.faults.heard.lab import Figures, TryingWorld, lab, say
from tests.workflow import cash_back, complaints, delivery, disputes, refunds, results
from views.results import of_filing
from workers.settings import Identity

LONGEST: Final = 3600.0
"""Seconds that a story may take whose worker is killed at every step."""
AT_ONCE: Final = 60


def stories() -> list[Scenario]:
    """Those that need no whole stack."""
    return [scenario for scenario in load(SCENARIOS) if not scenario.in_whole_stack]


@asynccontextmanager
async def _stack(folder: Path, suggest: int | None) -> AsyncIterator[Stack]:
    """A stack whose runs make way after so many events; for whoever waits there is time for many kills."""
    temporal = {} if suggest is None else {SUGGEST: str(suggest)}
    async with Stack(folder, parts=PARTS, temporal=temporal) as stack:
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
    """Play the stories of the demo; how they end is not looked at."""
    scenarios = stories() if chosen is None else chosen
    async with _stack(folder, suggest) as stack:
        owner = stack.env["MOTCUA_OWNER_DATABASE_URL"]
        versions = await demo.publish(owner, publisher(stack.env), scenarios)
        base = await world_of(stack.env, folder)
        async with (
            lab(base, folder, figures, identity=identity, any_files=False) as (trying, world),
            world.back_office(),
        ):
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


Plays = Sequence[Callable[[TryingWorld], Awaitable[object]]]


async def asked_for_anew(world: TryingWorld) -> None:
    """A fee is asked for anew."""
    play = await Play.begin(world, extract(payer_account=None))
    await play.accept()
    await play.renew_payment()


async def stamped_again(world: TryingWorld) -> None:
    """A result is kept with a further time-stamp."""
    play = await results.decided(world)
    await play.at(Stage.CLOSED)
    number = await result_number(play)
    actor = Actor(subject="h56.30-operator-1", role=Role.OPERATOR, agency=AGENCY)
    await results.act(play, RenewResult, actor, registered=number, result=FILE)


async def result_number(play: Play) -> str:
    async with play.world.connection() as connection:
        [found] = await of_filing(connection, str(play.code))
    return str(found.number)


async def taken_back(world: TryingWorld) -> None:
    """A complaint is taken, given back, and taken back."""
    play = await complaints.refused(world)
    stream = await complaints.complained(play, "decided")
    for command in (Claim, Release):
        await complaints.act(world, stream, command, complaints.SECOND)
    lead = play.officer(Role.TEAM_LEAD)
    await complaints.act(world, stream, Reassign, lead, officer=complaints.SECOND.subject)
    await complaints.act(world, stream, Withdraw, play.submission.actor, reason="đã rõ")


async def decided_elsewhere(world: TryingWorld) -> None:
    """A part that another agency decides passes through several hands there."""
    play = await refer(world)
    stream = referral_workflow(play.filing, 1)
    await eventually(lambda: play.kinds("referral", 1), bool)
    first, second = officer(Role.SPECIALIST, POLICE), officer(Role.SPECIALIST, POLICE, 2)
    for command in (Claim, Release, Claim):
        await complaints.act(world, stream, command, first)
    lead = officer(Role.TEAM_LEAD, POLICE)
    await complaints.act(world, stream, Reassign, lead, officer=second.subject)
    await complaints.act(world, stream, AnswerPart, second, outcome="approved")


TOGETHER: Final[Plays] = (
    asked_for_anew,
    taken_back,
    decided_elsewhere,
    refunds.what_nobody_owes_goes_back,
    refunds.parts_go_back,
    refunds.a_leader_decides_and_another_approves,
    disputes.less_is_taken_for_the_whole_fee,
    cash_back.goes_back_in_cash,
    delivery.the_post_is_asked_to_pay,
    stamped_again,
)
ONE_BY_ONE: Final[Plays] = (
    results.revoked,
    results.declined,
    results.corrected,
)
"""They change who signs results."""


async def play_own(folder: Path, figures: Figures, identity: Identity, *, suggest: int | None = None) -> None:
    """Play what the stories do not tell."""
    long = {name: 3600 for name in catalogue.DEMO_SECONDS if name not in catalogue.ASKED_FOR} | {"notice": 1}
    async with _stack(folder, suggest) as stack:
        await publish_demo(stack.env, long)
        base = await world_of(stack.env, folder)
        async with (
            lab(base, folder, figures, identity=identity, any_files=True) as (trying, world),
            world.back_office(Doubtful()),
        ):
            await trying.all_given(asyncio.create_task(_played(play, world)) for play in TOGETHER)
            for play in ONE_BY_ONE:
                await trying.all_given([asyncio.create_task(_played(play, world))])
            await trying.replay()


async def _played(play: Callable[[TryingWorld], Awaitable[object]], world: TryingWorld) -> None:
    """Play it; how it ends is not looked at, for it was disturbed."""
    try:
        async with asyncio.timeout(LONGEST):
            await play(world)
    except (AssertionError, MotcuaError, TimeoutError, ValueError) as error:
        say(f"{play.__name__}: {type(error).__name__} {str(error)[:200]}")
