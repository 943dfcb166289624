"""The sandbox trust as a real process, killed and started again, its remote signer, and `motcua dev sign`."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import pytest

from activities.partners.http import RejectedError, partner_client
from activities.partners.signer import NoSigner, NotSignedError, RemoteSigner
from activities.signature.certificate_subject import Identity
from activities.signature.check import Signatory
from activities.signature.revisions import Form
from activities.signature.signing import sign_detached
from tests.conftest import ROOT
from tests.integration.signature import party as p
from tests.sandboxes import Server
from tests.shell import Shell
from tests.walking import walked

DIGEST = bytes(32)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server("trust", tmp_path_factory.mktemp("trust"), "--slow-after", "0.5") as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with partner_client(server.url) as client:
        yield client
        await client.put("/faults", json={})


async def holder(signer: RemoteSigner, number: str) -> tuple[bytes, ...]:
    return await signer.certificates(number, "person", "Trần Thị Ký")


async def test_who_declines_or_is_slow_has_not_signed(client: httpx.AsyncClient) -> None:
    signer = RemoteSigner(client, patience=0.1)
    for number in ("001099009901", "001099009902"):
        await holder(signer, number)
    with pytest.raises(NotSignedError) as declined:
        await signer.sign("one", "001099009901", DIGEST)
    with pytest.raises(NotSignedError) as late:
        await signer.sign("two", "001099009902", DIGEST)
    assert (declined.value.reason, late.value.reason) == ("declined", "not_yet")
    assert await RemoteSigner(client, patience=10).sign("two", "001099009902", DIGEST)


async def test_a_key_stands_for_one_digest_of_one_person(client: httpx.AsyncClient) -> None:
    signer = RemoteSigner(client)
    await holder(signer, "001099000021")
    assert await signer.sign("three", "001099000021", DIGEST) == await signer.sign("three", "001099000021", DIGEST)
    with pytest.raises(RejectedError, match="key_reused"):
        await signer.sign("three", "001099000021", bytes([1]) * 32)
    with pytest.raises(RejectedError, match="not_found"):
        await signer.sign("four", "001099000099", DIGEST)


async def test_killed_and_started_again_it_has_the_same_root_people_and_revocations(tmp_path: Path) -> None:
    with Server("trust", tmp_path) as server:
        async with partner_client(server.url) as client:
            party = await p.Party.meet(client)
            signature = await sign_detached(b"x", party.signer, p.person(p.APPLICANT))
            own = await holder(party.signer, p.APPLICANT.number)
            server.kill()
            server.start()
            assert (await p.Party.meet(client)).root.dump() == party.root.dump()
            assert (await holder(party.signer, p.APPLICANT.number))[0] == own[0]
            by = Signatory(frozenset({p.APPLICANT}))
            assert (await party.check().detached(signature, b"x", by, datetime.now(UTC))).outcome == "valid"
            await party.revoke(p.APPLICANT)
            server.kill()
            server.start()
            verdict = await party.check().detached(signature, b"x", by, datetime.now(UTC))
            assert [problem.rule for problem in verdict.problems] == ["certificate_revoked"]
    keys = [*(tmp_path / "authority").glob("*.key")]
    assert {file.stat().st_mode & 0o777 for file in keys} == {0o600}
    assert p.APPLICANT.number not in server.output.read_text()


async def test_no_signer_warns_and_signs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    signer, number = NoSigner(), "001099000001"
    for call in (signer.sign("key", number, DIGEST), signer.certificates(number, "person", "A")):
        with caplog.at_level(logging.WARNING), pytest.raises(NotSignedError):
            await call
    assert [record.message for record in caplog.records] == ["no signer is set up: nothing is signed"] * 2


@pytest.fixture
def shell(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell({"MOTCUA_TRUST_URL": server.url})


async def test_a_command_signs_a_file(client: httpx.AsyncClient, server: Server, shell: Shell, tmp_path: Path) -> None:
    party = await p.Party.meet(client)
    (tmp_path / "form.pdf").write_bytes(p.form())
    command = [sys.executable, "-m", "motcua.command", "dev", "sign", "form.pdf", "--as", p.APPLICANT.number, "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "MOTCUA_TRUST_URL": server.url}
    process = await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=90
    )
    assert (process.returncode, json.loads(process.stdout)["file"]) == (0, "form.signed.pdf")
    signed = (tmp_path / "form.signed.pdf").read_bytes()
    form = Form(p.CONTENT, (tmp_path / "form.pdf").read_bytes())
    assert (await party.check().pdf(signed, form, p.BY_APPLICANT, datetime.now(UTC))).outcome == "valid"
    done = await shell("dev", "sign", "form.pdf", "--as", p.COMPANY.number, "--detached")
    assert (done.code, "form.pdf.p7s" in done.out) == (0, True)
    signature = (tmp_path / "form.pdf.p7s").read_bytes()
    by = Signatory(frozenset({Identity("organisation", p.COMPANY.number)}))
    assert (await party.check().detached(signature, p.form(), by, datetime.now(UTC))).outcome != "valid"
    verdict = await party.check().detached(signature, (tmp_path / "form.pdf").read_bytes(), by, datetime.now(UTC))
    assert verdict.outcome == "valid"


NOWHERE: Final = {"MOTCUA_TRUST_URL": "http://127.0.0.1:9"}


@walked(
    ("file", "number", "env", "code"),
    [
        ("form.pdf", "001099009901", {}, 1),
        ("form.pdf", "me", {}, 2),
        ("missing.pdf", "001099000001", {}, 2),
        ("text.txt", "001099000001", NOWHERE, 2),
        ("form.pdf", "001099000001", NOWHERE, 4),
        ("form.pdf", "001099000001", {"MOTCUA_TRUST_URL": None}, 2),
    ],
    exactly=6,
)
async def test_what_can_not_be_signed_ends_with_its_code(
    shell: Shell, tmp_path: Path, file: str, number: str, env: dict[str, str | None], code: int
) -> None:
    (tmp_path / "form.pdf").write_bytes(p.form())
    (tmp_path / "text.txt").write_text("no PDF")
    assert (await shell("dev", "sign", file, "--as", number, **env)).code == code
    assert sorted(file.name for file in tmp_path.iterdir()) == ["form.pdf", "text.txt"]
