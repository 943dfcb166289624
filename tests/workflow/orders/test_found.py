"""What was signed that no event orders is found, by what the signing service says of itself."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import asyncpg

from activities.partners.http import partner_client
from activities.partners.signer import RemoteSigner, key_of, order_of
from activities.results.sealing import AgencySeal
from console.home import Home
from operations.doctor.finding import Health
from operations.doctor.partners.unordered import signatures
from operations.doctor.surroundings import Surroundings
from operations.reconciling.signatures import Told, told_of
from schemas.filing.state import Stage
from schemas.ids import filing_workflow, result_workflow
from schemas.result.commands import DeclineSignature
from schemas.stream.about import About
from tests.acting import Play, eventually
from tests.conftest import World
from tests.integration.papers.relays import Desk, work
from tests.integration.signature.party import Party
from tests.workflow.results import LEADER, PLACES, act, asked_of_signer, decided, hurried, set_up, signers, waits_for

LEADERS: Final = "001085000012"
REQUESTS: Final = [3, 5, 7]


async def told(play: Play, *places: About) -> list[Told]:
    async with play.world.connection(play.world.app_dsn) as connection:
        found = await told_of(connection, places)
    return [found[place] for place in places]


async def named(play: Play) -> list[tuple[Health, bool]]:
    """How the doctor finds it, and whether it names this result."""
    settings = {"MOTCUA_DATABASE_URL": play.world.app_dsn, "MOTCUA_SIGNER_URL": play.world.env["MOTCUA_SIGNER_URL"]}
    found = await signatures(Surroundings(settings, {}, Home.__new__(Home)))
    return [(one.health, str(play.filing) in one.what.en) for one in found if str(play.filing) in one.what.en]


async def test_what_the_log_bears_out_is_told_from_what_it_does_not(running: World) -> None:
    await set_up(running, signers())
    play = await decided(running)
    await play.at(Stage.CLOSED)
    stream = result_workflow(play.filing, 1)
    assert await told(play, *(About(stream=stream, seq=seq) for seq in REQUESTS)) == [Told.SIGNED] * len(PLACES)
    other = About(stream=stream, seq=2)
    assert await told(play, other, About(stream=filing_workflow(play.filing), seq=1)) == [Told.NOTHING] * 2
    assert await told(play, About(stream=filing_workflow(LEADERS), seq=1)) == [Told.STRANGE]
    assert await named(play) == []
    digest = sha256(b"a forged result").digest()
    async with partner_client(running.env["MOTCUA_SIGNER_URL"]) as client:
        signer = RemoteSigner(client)
        await signer.sign(key_of(About(stream=stream, seq=REQUESTS[1]), digest), LEADERS, digest)
        assert await named(play) == [(Health.WARN, True)]
        await signer.sign(key_of(other, digest), LEADERS, digest)
    assert await named(play) == [(Health.FAIL, True), (Health.WARN, True)]


async def test_what_somebody_signs_at_last_that_they_have_declined_here_is_told(running: World) -> None:
    play = await waits_for(running, "signature")
    place = About(stream=result_workflow(play.filing, 1), seq=REQUESTS[1])
    assert await told(play, place) == [Told.AWAITED]
    await act(play, DeclineSignature, LEADER, reason="sai họ tên")
    assert await told(play, place) == [Told.OTHERWISE]
    await hurried(play)
    assert await eventually(lambda: named(play), bool) == [(Health.WARN, True)]


async def test_a_paper_that_the_relay_has_sealed_is_borne_out(running: World) -> None:
    await set_up(running, signers())
    play = await decided(running)
    await play.at(Stage.CLOSED)
    async with (
        asyncpg.create_pool(running.app_dsn, min_size=0, max_size=4) as pool,
        partner_client(running.env["MOTCUA_TRUST_URL"]) as trust,
    ):
        party = await Party.meet(trust)
        async with running.connection() as connection:
            [waits] = await connection.fetch("select stream, seq from outbox where paper = 'receipt'")
        assert await told(play, receipt := About(stream=waits["stream"], seq=waits["seq"])) == [Told.AWAITED]
        await work(Desk(running, pool).relay(seal=AgencySeal(pool, party.signer, party.lasting()).put_on))
    keys = await asked_of_signer(running, play.filing)
    sealed = [order for key in keys if (order := order_of(key)) is not None and not key.startswith("sign:result:")]
    assert receipt in sealed
    assert {*await told(play, *sealed)} == {Told.SIGNED}
    assert await named(play) == []
