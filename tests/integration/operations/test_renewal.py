"""`motcua store renew`: results that officers signed get another time-stamp in time; the register knows both files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest
from asn1crypto import pem, x509
from obstore.store import from_url

from activities.signature.renewal import holds_until
from activities.signature.revocation import Responders
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.trust import Trust
from operations.rebuilding.rebuild import rebuild
from operations.store.recording import recorded_by
from operations.store.renewing import Renewing, Report, renew
from schemas.filing.state import Stage
from schemas.people import Actor, Role
from schemas.result.state import Validity
from tests.acting import AGENCY, Play, extract, officer
from tests.conftest import World
from tests.shell import Shell
from tests.walking import walked
from verifier.ledger import verify
from views.registers.results import of_filing, standing_of

OPERATOR: Final = officer(Role.OPERATOR)
LATER: Final = timedelta(days=2 * 365)
SIGNERS: Final = [
    {"place": "signature", "officer": officer(Role.LEADER).subject, "role": "leader", "number": "001085000012"},
    {
        "place": "seal",
        "officer": officer(Role.CLERK).subject,
        "role": "clerk",
        "number": "0109999999",
        "holder": "organisation",
    },
]


@pytest.fixture
async def play(running: World) -> Play:
    """A filing with a result that was signed and sealed, beside one that nobody signs."""
    plain = await Play.begin(running, extract())
    await closed(plain)
    async with running.connection() as connection:
        await connection.execute("update agency set signing = $2 where agency = $1", AGENCY, json.dumps(SIGNERS))
    play = await Play.begin(running, extract())
    await closed(play)
    return play


async def closed(play: Play) -> None:
    await play.accept()
    await play.review()
    await play.at(Stage.CLOSED)


async def lasting(client: httpx.AsyncClient) -> Lasting:
    _, _, root = pem.unarmor((await client.get("/root.pem")).content)
    trusted = Trust([x509.Certificate.load(root)], Responders(client, seconds=30))
    return Lasting(HttpStamper(client, "/tsa"), trusted)


async def test_what_soon_expires_is_another_file_that_the_register_knows(
    running: World, shell: Shell, trust: httpx.AsyncClient, play: Play
) -> None:
    counted = await shell("store", "renew", "--dry-run", "--within", "2000d", "--json")
    assert (counted.code, counted.json["results"], counted.json["unsigned"], counted.json["due"]) == (0, 2, 1, 1)
    now = datetime.now(UTC) + LATER
    (await trust.put("/clock", json={"now": now.isoformat()})).raise_for_status()
    seen: list[tuple[int, int, int]] = []

    async def once(who: Actor = OPERATOR) -> Report:
        how = Renewing(
            from_url(running.objects),
            await lasting(trust),
            recorded_by(running.client, who),
            now,
            agency=AGENCY,
            within=timedelta(days=400),
        )
        return await renew(running.app_dsn, how, lambda *said: seen.append(said))

    by_stranger = await once(officer(Role.OPERATOR, n=9))
    assert (by_stranger.renewed, len(by_stranger.failed)) == (0, 1), "only the agency's operator may"
    assert "result_renewed" not in await play.kinds("result", 1)
    first = await once()
    assert (first.results, first.unsigned, first.due, first.renewed, first.failed) == (2, 1, 1, 1, [])
    assert seen[-1] == (2, 2, 1)
    again = await once()
    assert (again.due, again.renewed) == (0, 0)
    assert (await play.kinds("result", 1))[-2:] == ["result_released", "result_renewed"]
    async with running.connection() as connection:
        (result,) = await of_filing(connection, str(play.code))
        digests: list[str] = await connection.fetchval(_FILES, result.number)
        for digest in digests:
            found = await standing_of(connection, digest)
            assert found is not None
            assert found.validity is Validity.IN_FORCE
    files = [(running_file(running, play, digest)).read_bytes() for digest in digests]
    assert files[1].startswith(files[0])
    ends = [holds_until(file) for file in files]
    assert ends == sorted(filter(None, ends))
    assert (await verify(running.superuser_dsn)).problems == []
    assert set((await rebuild(running.owner_dsn, running.settings.master, lambda *_: None)).changed.values()) == {0}


_FILES: Final = "select array_prepend(sha256, renewed) from result where number = $1"


def running_file(world: World, play: Play, digest: str) -> Path:
    return Path(world.objects.removeprefix("file://")) / "files" / str(play.filing) / digest


async def test_what_can_not_be_renewed_is_named_and_left_as_it_is(running: World, shell: Shell, play: Play) -> None:
    actor = f"operator:{OPERATOR.subject}@{AGENCY}"
    ended = await shell("store", "renew", "--actor", actor, "--within", "2000d", "--json")
    assert ended.code == 1
    ((number, rule),) = ended.json["failed"]
    assert rule == "no_gain"  # the authority stamps with the same certificate still
    assert (await shell("store", "renew", "--actor", actor)).code == 0
    async with running.connection() as connection:
        digest = await connection.fetchval("select sha256 from result where number = $1", number)
    running_file(running, play, digest).write_bytes(b"other")
    assert (await shell("store", "renew", "--actor", actor)).code == 0, "it is not read before it must be"
    ended = await shell("store", "renew", "--actor", actor, "--within", "2000d", "--json")
    assert (ended.code, ended.json["failed"]) == (1, [[number, "damaged"]])


@walked("words", [[], ["--dry-run", "--within", "soon"], ["--actor", "clerk"]], exactly=3)
async def test_what_is_not_understood_says_so(shell: Shell, words: list[str]) -> None:
    assert (await shell("store", "renew", *words)).code == 2
