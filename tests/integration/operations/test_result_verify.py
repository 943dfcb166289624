"""`motcua result verify`: what whoever holds a file is told, with the register and without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from activities.signature.official import INITIALS, SEAL, SIGNATURE
from tests.conftest import World
from tests.integration.operations.verified import NUMBER, registered, verified, visitor
from tests.integration.operations.verified import file as file
from tests.integration.operations.verified import nobody as nobody
from tests.integration.signature import party as p
from tests.sandboxes import Server
from tests.shell import Shell
from tests.walking import walked


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
    assert (ended.code, ended.json["in_force"], ended.json["signatures"]) == (0, True, "refused")


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
async def test_what_is_not_understood_says_so(nobody: Shell, file: Path, words: list[str], told: str) -> None:
    ended = await verified(nobody, *words)
    assert (ended.code, told in ended.err) == (2, True)
    assert (await nobody("result", "verify", file, "--roots", file)).code == 2
    assert (await nobody("result", "verify", file)).code == 3
