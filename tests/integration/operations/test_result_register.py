"""`motcua result` against a real record, and `motcua store renew`, by which signed results get another time-stamp."""

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
from motcua.files.store import Store, open_store
from operations.rebuilding.rebuild import rebuild
from operations.store.recording import recorded_by
from operations.store.renewing import Renewing, Report, renew
from schemas.people import Actor, Role
from schemas.result.state import Validity
from tests.acting import AGENCY, Play, eventually, extract, officer
from tests.conftest import World
from tests.shell import Shell
from tests.walking import walked
from tests.workflow.results import set_up, signers
from verifier.ledger import verify
from views.registers.results import kept_verdict, of_filing, standing_of

WHY = ("--reason", "cấp sai đối tượng", "--law", "NĐ 123/2015 Đ70")


async def test_the_register_is_shown_and_what_is_done_with_it(running: World, shell: Shell) -> None:
    play = await Play.begin(running, extract())
    await play.deliver()
    [one] = (await shell("result", "list", "--agency", AGENCY, "--json")).json
    number = one["number"]
    assert (one["state"], one["filing_id"], one["copies"]) == ("in_force", str(play.filing), 1)
    assert (await shell("result", "list", "--agency", "H01.12", "--json")).json == []
    shown = await shell("result", "show", number)
    assert "in force" in shown.out
    leader = f"leader:{play.officer(Role.LEADER).subject}@{AGENCY}"
    corrected = await shell("result", "correct", number, "--actor", leader, *WHY)
    assert corrected.code == 0
    found = await eventually(
        lambda: _listed(shell), lambda rows: [row["state"] for row in rows] == ["in_force", "replaced"]
    )
    assert found[0]["corrects"] == number
    newest = found[0]["number"]
    assert newest in (await shell("result", "list")).out
    assert (await shell("result", "revoke", newest, "--actor", leader, *WHY, "--json")).code == 0
    assert (await shell("result", "show", newest, "--json")).json["validity"] == "revoked"
    assert (await shell("result", "revoke", newest, "--actor", leader, *WHY)).code == 1
    assert (
        "the register of results has no number H01.12-2026-K9" in (await shell("result", "show", "H01.12-2026-K9")).err
    )


async def _listed(shell: Shell) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await shell("result", "list", "--json")).json
    return found


LATER = timedelta(days=6 * 365)


async def test_what_was_kept_with_the_last_signature_is_found_or_brought_along(
    running: World, trust: httpx.AsyncClient, shell: Shell
) -> None:
    await set_up(running, signers())
    play = await Play.begin(running, extract())
    view = await play.deliver()
    assert view.result is not None
    Path("license.pdf").write_bytes(await Store(open_store(running.objects)).get(view.result))
    Path("root.pem").write_bytes((await trust.get("/root.pem")).content)
    async with running.connection() as connection:
        (result,) = await of_filing(connection, str(play.code))
        assert await kept_verdict(connection, result.number) is not None
        assert await kept_verdict(connection, f"{AGENCY}-2026-K9999999") is None

    now = datetime.now(UTC) + LATER
    (await trust.put("/clock", json={"now": now.isoformat()})).raise_for_status()
    verify = ("result", "verify", "license.pdf", "--roots", "root.pem", "--at", now.isoformat(), "--json")
    assert (await shell("result", "proof", result.number, "--out", "proof.json")).code == 0
    assert (await shell("result", "proof", f"{AGENCY}-2026-K9999999", "--out", "other.json")).code == 3
    found = await shell(*verify)
    assert (found.code, found.json["signatures"], found.json["in_force"]) == (0, "valid", True)
    visitor = Shell(shell.env | {"MOTCUA_OBJECTS": ""})
    assert (await visitor(*verify)).code == 3, "whoever has no way to the store must bring it along"
    offline = await visitor(*verify, "--offline", "--proof", "proof.json")
    assert (offline.code, offline.json["signatures"]) == (0, "valid")
    verdict = json.loads(Path("proof.json").read_text(encoding="utf-8"))["verdict"]
    assert (verdict["file"], verdict["outcome"]) == (view.result.sha256, "valid")


OPERATOR: Final = officer(Role.OPERATOR)
IN_TWO_YEARS: Final = timedelta(days=2 * 365)
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
    await play.deliver()


async def lasting(client: httpx.AsyncClient) -> Lasting:
    _, _, root = pem.unarmor((await client.get("/root.pem")).content)
    trusted = Trust([x509.Certificate.load(root)], Responders(client, seconds=30))
    return Lasting(HttpStamper(client, "/tsa"), trusted)


async def test_what_soon_expires_is_another_file_that_the_register_knows(
    running: World, shell: Shell, trust: httpx.AsyncClient, play: Play
) -> None:
    counted = await shell("store", "renew", "--dry-run", "--within", "2000d", "--json")
    assert (counted.code, counted.json["results"], counted.json["unsigned"], counted.json["due"]) == (0, 2, 1, 1)
    now = datetime.now(UTC) + IN_TWO_YEARS
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
