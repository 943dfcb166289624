"""`motcua result` with and without the register; `motcua store renew` adds time-stamps to results."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from asn1crypto import pem, x509
from obstore.store import from_url

from activities.signature.official import INITIALS, SEAL, SIGNATURE, SignatureField, with_fields
from activities.signature.renewal import holds_until
from activities.signature.revocation import Responders
from activities.signature.signing import HttpStamper, Lasting
from activities.signature.trust import Trust
from console.home import Home
from motcua.files.store import Store, open_store
from operations.store.renewing import Renewing, Report, recorded_by, renew
from rules.require import require
from schemas.people import Actor, Role
from schemas.result.state import Validity
from tests.acting import AGENCY, Play, eventually, extract, officer
from tests.conftest import World
from tests.integration.signature import party as p
from tests.sandboxes import Server
from tests.shell import Ended, Shell
from tests.sound import sound
from tests.walking import walked
from tests.workflow.results import set_up, signers
from views.registers.results import kept_verdict, of_filing, standing_of

NUMBER = "H01.12-2026-K0000001"


_SIGNED: Final[dict[bytes, bytes]] = {}
"""The signed license, by root certificate, shared by all tests of a module."""


@pytest.fixture
async def file(party: p.Party, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the path of a license with three signatures; beside it, the root certificate."""
    monkeypatch.chdir(tmp_path)
    root = party.root.dump()
    if root not in _SIGNED:
        paper = with_fields(p.printed(), [SignatureField(name) for name in (INITIALS, SIGNATURE, SEAL)])
        _SIGNED[root] = await p.issued(party, paper)
    (tmp_path / "license.pdf").write_bytes(_SIGNED[root])
    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", root))
    return tmp_path / "license.pdf"


@pytest.fixture
def nobody() -> Shell:
    """A shell of somebody who has the root certificate and the file, but no access to our services."""
    names = ("MOTCUA_DATABASE_URL", "MOTCUA_MASTER_KEY", "MOTCUA_OBJECTS", "TEMPORAL_ADDRESS")
    return Shell({"COLUMNS": "300", "NO_COLOR": "1", **dict.fromkeys(names, "")})


def visitor(nobody: Shell, world: World) -> Shell:
    return Shell(nobody.env | {"MOTCUA_DATABASE_URL": world.app_dsn})


def stack_here(folder: Path, server: Server) -> None:
    """Writes the settings of a stack that runs in this folder."""
    (home := Home(folder / ".motcua")).create()
    home.write_env({"MOTCUA_SIGNATURE_ROOTS": str(folder / "root.pem"), "MOTCUA_TSA_URL": f"{server.url}/tsa"})


async def verified(shell: Shell, *words: str | Path) -> Ended:
    return await shell("result", "verify", *words, "--roots", "root.pem")


async def registered(world: World, digest: str, **changes: Any) -> None:
    said = {"number": NUMBER, "filing_id": uuid4(), "agency": "H01.12", "n": 1, "sha256": digest}
    row = said | {"issued_at": datetime.now(UTC) - timedelta(hours=1), "state": "in_force"} | changes
    columns, places = ", ".join(row), ", ".join(f"${n + 1}" for n in range(len(row)))
    await world.execute(f"insert into result ({columns}) values ({places})", *row.values())  # noqa: S608 -- ours


WHY = ("--reason", "cấp sai đối tượng", "--law", "NĐ 123/2015 Đ70")


async def test_the_register_is_shown_and_what_is_done_with_it(running: World, shell: Shell) -> None:
    play = await Play.begin(running, extract())
    await play.deliver()
    [one] = (await shell("result", "list", "--agency", AGENCY, "--json")).json
    number = one["number"]
    assert (one["state"], one["filing_id"], one["copies"]) == ("in_force", str(play.filing), 1)
    assert (await shell("result", "list", "--agency", "H01.12", "--json")).json == []
    assert "in force" in (await shell("result", "show", number)).out
    leader = f"leader:{play.officer(Role.LEADER).subject}@{AGENCY}"
    await set_up(running, signers())
    assert (await shell("result", "correct", number, "--actor", leader, *WHY)).code == 0
    both = ["in_force", "replaced"]
    listed = await eventually(
        lambda: shell("result", "list", "--json"), lambda told: [row["state"] for row in told.json] == both
    )
    assert listed.json[0]["corrects"] == number
    newest = listed.json[0]["number"]
    assert newest in (await shell("result", "list")).out
    assert (await shell("result", "revoke", newest, "--actor", leader, *WHY, "--json")).code == 0
    assert (await shell("result", "show", newest, "--json")).json["validity"] == "revoked"
    assert (await shell("result", "revoke", newest, "--actor", leader, *WHY)).code == 1
    unknown = await shell("result", "show", "H01.12-2026-K9")
    assert "the register of results has no number H01.12-2026-K9" in unknown.err


async def test_what_was_kept_is_found_or_brought_along(running: World, trust: httpx.AsyncClient, shell: Shell) -> None:
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

    now = datetime.now(UTC) + timedelta(days=6 * 365)
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
OF_AGENCY: Final = {"holder": "organisation"}
SIGNERS: Final = [
    {"place": "signature", "officer": officer(Role.LEADER).subject, "role": "leader", "number": "001085000012"},
    {"place": "seal", "officer": officer(Role.CLERK).subject, "role": "clerk", "number": "0109999999", **OF_AGENCY},
]


@pytest.fixture
async def play(running: World) -> Play:
    """A filing with a result that is signed and sealed."""
    await running.execute("update agency set signing = $2 where agency = $1", AGENCY, json.dumps(SIGNERS))
    play = await Play.begin(running, extract())
    await play.deliver()
    return play


async def lasting(client: httpx.AsyncClient) -> Lasting:
    _, _, root = pem.unarmor((await client.get("/root.pem")).content)
    return Lasting(HttpStamper(client, "/tsa"), Trust([x509.Certificate.load(root)], Responders(client, seconds=30)))


async def test_what_soon_expires_is_another_file_that_the_register_knows(
    running: World, shell: Shell, trust: httpx.AsyncClient, play: Play
) -> None:
    counted = await shell("store", "renew", "--dry-run", "--within", "2000d", "--json")
    assert (counted.code, counted.json["results"], counted.json["unsigned"], counted.json["due"]) == (0, 1, 0, 1)
    now = datetime.now(UTC) + timedelta(days=2 * 365)
    (await trust.put("/clock", json={"now": now.isoformat()})).raise_for_status()
    seen: list[tuple[int, int, int]] = []

    async def once(who: Actor = OPERATOR) -> Report:
        store, stamping = from_url(running.objects), await lasting(trust)
        which: dict[str, Any] = {"agency": AGENCY, "within": timedelta(days=400)}
        how = Renewing(store, stamping, recorded_by(running.client, who), now, **which)
        return await renew(running.app_dsn, how, lambda *said: seen.append(said))

    by_stranger = await once(officer(Role.OPERATOR, n=9))
    assert (by_stranger.renewed, len(by_stranger.failed)) == (0, 1), "only the agency's operator may"
    assert "result_renewed" not in await play.kinds("result", 1)
    first = await once()
    assert (first.results, first.unsigned, first.due, first.renewed, first.failed) == (1, 0, 1, 1, [])
    assert seen[-1] == (1, 1, 1)
    again = await once()
    assert (again.due, again.renewed) == (0, 0)
    assert (await play.kinds("result", 1))[-2:] == ["result_released", "result_renewed"]
    async with running.connection() as connection:
        (result,) = await of_filing(connection, str(play.code))
        files_of = "select array_prepend(sha256, renewed) from result where number = $1"
        digests: list[str] = await connection.fetchval(files_of, result.number)
        for digest in digests:
            found = require(await standing_of(connection, digest))
            assert found.validity is Validity.IN_FORCE
    files = [(running_file(running, play, digest)).read_bytes() for digest in digests]
    assert files[1].startswith(files[0])
    assert (ends := [holds_until(file) for file in files]) == sorted(filter(None, ends))
    await sound(running)


def running_file(world: World, play: Play, digest: str) -> Path:
    return Path(world.objects.removeprefix("file://")) / "files" / str(play.filing) / digest


async def test_what_can_not_be_renewed_is_named_and_left_as_it_is(running: World, shell: Shell, play: Play) -> None:
    actor = f"operator:{OPERATOR.subject}@{AGENCY}"
    ended = await shell("store", "renew", "--actor", actor, "--within", "2000d", "--json")
    assert ended.code == 1
    ((number, rule),) = ended.json["failed"]
    assert rule == "no_gain"  # the authority stamps with the same certificate still
    assert (await shell("store", "renew", "--actor", actor)).code == 0
    digest = await running.fetchval("select sha256 from result where number = $1", number)
    running_file(running, play, digest).write_bytes(b"other")
    assert (await shell("store", "renew", "--actor", actor)).code == 0, "it is not read before it must be"
    ended = await shell("store", "renew", "--actor", actor, "--within", "2000d", "--json")
    assert (ended.code, ended.json["failed"]) == (1, [[number, "damaged"]])


@walked("words", [[], ["--dry-run", "--within", "soon"], ["--actor", "clerk"]], exactly=3)
async def test_what_is_not_understood_says_so(shell: Shell, words: list[str]) -> None:
    assert (await shell("store", "renew", *words)).code == 2


# `motcua result verify`: what whoever holds a file is told, with the register and without it.


async def test_without_the_register_it_says_who_signed_and_that_in_force_is_unknown(nobody: Shell, file: Path) -> None:
    ended = await verified(nobody, file, "--json")
    assert ended.code == 0, ended.err
    said = ended.json
    assert (said["signatures"], said["in_force"], said["register"]) == ("valid", None, {"answer": "unknown"})
    assert [one["field"] for one in said["signers"]] == [INITIALS, SIGNATURE, SEAL]
    assert [one["tax_code"] for one in said["signers"]] == [None, None, p.AGENCY.number]
    assert p.CLERK.number not in ended.out
    for words in ((), ("--offline",)):
        ended = await verified(nobody, file, *words)
        assert ended.code == 0
        assert "Sở Xây dựng" in ended.out
        assert "unknown" in ended.out


async def test_beside_a_stack_it_trusts_the_roots_of_the_stack(nobody: Shell, server: Server, file: Path) -> None:
    untrusted = await nobody("result", "verify", file)
    assert (untrusted.code, "--roots" in untrusted.out) == (3, True)
    stack_here(file.parent, server)
    assert (await nobody("result", "verify", file, "--keep", "proof.json")).code == 0
    assert file.with_name("proof.json").exists(), "stamped by its authority"


async def test_beside_a_stack_renewal_uses_its_roots_and_time_stamps(world: World, server: Server, file: Path) -> None:
    shell = Shell({"MOTCUA_DATABASE_URL": world.app_dsn, "MOTCUA_OBJECTS": world.objects})
    assert (await shell("store", "renew", "--dry-run")).code == 2
    stack_here(file.parent, server)
    ended = await shell("store", "renew", "--dry-run")
    assert ended.code == 0, ended.err


async def test_the_register_says_whether_it_is_in_force(world: World, nobody: Shell, file: Path) -> None:
    shell = visitor(nobody, world)
    unknown = await verified(shell, file, "--json")
    assert (unknown.code, unknown.json["register"]) == (1, {"answer": "not_registered"})
    digest = unknown.json["file"]
    ended_at = datetime.now(UTC) - timedelta(minutes=10)
    await registered(world, digest, state="replaced", ended_at=ended_at, replaced_by="H01.12-2026-K0000002")
    now = await verified(shell, file, "--json")
    assert (now.code, now.json["in_force"], now.json["signatures"]) == (1, False, "valid")
    assert now.json["register"]["replaced_by"] == "H01.12-2026-K0000002"
    assert "replaced" in (await verified(shell, file)).out
    before = await verified(shell, file, "--json", "--at", (ended_at - timedelta(minutes=1)).isoformat())
    assert (before.code, before.json["in_force"]) == (0, True)
    assert (await verified(shell, file, "--json", "--offline")).json["in_force"] is None


async def test_a_number_is_asked_for_without_a_file(world: World, nobody: Shell, file: Path) -> None:
    shell = visitor(nobody, world)
    assert (await verified(shell, "--code", NUMBER)).code == 3
    await registered(world, "c" * 64)
    ended = await verified(shell, "--code", NUMBER, "--json")
    assert (ended.code, ended.json[0]["validity"]) == (0, "in_force")
    assert NUMBER in (await verified(shell, "--code", NUMBER)).out
    assert file.exists()


async def test_an_unsigned_file_is_what_the_register_says(world: World, nobody: Shell, file: Path) -> None:
    shell, plain = visitor(nobody, world), file.with_name("plain.pdf")
    plain.write_bytes(p.printed())
    found = await verified(shell, plain, "--json")
    assert (found.code, found.json["in_force"]) == (1, False)
    await registered(world, found.json["file"])
    ended = await verified(shell, plain, "--json")
    assert (ended.code, ended.json["in_force"], ended.json["signatures"]) == (0, True, "not_signed")
    assert "not signed" in (await verified(shell, plain)).out


async def test_years_later_a_kept_verdict_speaks(nobody: Shell, party: p.Party, server: Server, file: Path) -> None:
    assert (await verified(nobody, file, "--keep", "proof.json")).code == 2
    stamping = Shell(nobody.env | {"MOTCUA_TSA_URL": f"{server.url}/tsa"})
    assert (await verified(stamping, file, "--keep", "proof.json")).code == 0
    await party.faults(tsa="down")
    assert (await verified(stamping, file, "--keep", "other.json")).code == 4
    await party.faults()
    assert not file.with_name("other.json").exists()
    later = datetime.now(UTC) + timedelta(days=4 * 365)
    await party.clock(later)
    for words in ((), ("--offline",)):
        at = ("--at", later.isoformat(), *words)
        assert (await verified(nobody, file, *at)).code == 3
        ended = await verified(nobody, file, *at, "--proof", "proof.json", "--json")
        assert (ended.code, ended.json["signatures"]) == (0, "valid")


@walked(
    ("words", "told"),
    [
        (["license.pdf", "--at", "yesterday"], "--at"),
        (["license.pdf", "--code", NUMBER], "--code"),
        ([], "--code"),
        (["license.pdf", "--proof", "root.pem"], "root.pem"),
    ],
    exactly=4,
)
async def test_what_verify_does_not_understand_says_so(nobody: Shell, file: Path, words: list[str], told: str) -> None:
    ended = await verified(nobody, *words)
    assert (ended.code, told in ended.err) == (2, True)
    assert (await nobody("result", "verify", file, "--roots", file)).code == 2
    assert (await nobody("result", "verify", file)).code == 3
