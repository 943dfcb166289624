"""The time-stamps of checkpoints: whose they are, of what, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from activities.signature.proof import stamp, stamped_at
from rules.proof.note import read_note
from sandbox.trust import ROOT
from sandbox.trust.authority import Authority
from sandbox.trust.server import stamper_of
from tests.integration.proof.conftest import Record
from tests.shell import Shell
from verifier.checkpoint import LEEWAY, Report, Rule, verify
from workers.checkpoints import authorities_in

SIZES: Final = (300, 600)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority", "http://127.0.0.1:9")


@pytest.fixture
async def stamped(record: Record, authority: Authority) -> Record:
    """A record with two checkpoints, each time-stamped."""
    record.stamper = stamper_of(authority)
    for _ in SIZES:
        await record.grow(300)
        await record.checkpoint()
    return record


async def look(record: Record, roots: Path | None) -> Report:
    authorities = authorities_in(None if roots is None else str(roots))
    judge = None if authorities is None else partial(stamped_at, trust=authorities)
    return await verify(record.connection, record.place, replace(record.trust, stamped_at=judge))


async def test_those_of_an_authority_that_is_trusted_are_counted(stamped: Record, tmp_path: Path) -> None:
    report = await look(stamped, tmp_path / "authority" / ROOT)
    assert (report.verified, report.checkpoints, report.stamped) == (True, 2, 2)
    report = await look(stamped, None)
    assert (report.verified, report.stamped) == (True, None), "nobody looks at them"
    (stamped.folder / "1/stamps/300").unlink()
    report = await look(stamped, tmp_path / "authority" / ROOT)
    assert (report.verified, report.stamped) == (True, 1), "as when nobody answered in time"


async def stamped_by(authority: Authority, record: Record, size: int) -> bytes:
    """A token over the checkpoint of that size."""
    note = read_note((record.folder / f"1/checkpoints/{size}").read_bytes())
    token = await stamp(stamper_of(authority), sha256(note.text.encode()).digest())
    assert token is not None
    return token[0]


async def by_another(authority: Authority, record: Record) -> bytes:
    return await stamped_by(Authority(record.folder.with_name("other"), authority.url), record, 300)


async def too_early(authority: Authority, record: Record) -> bytes:
    authority.ahead = -LEEWAY - timedelta(minutes=1)
    return await stamped_by(authority, record, 300)


async def altered(authority: Authority, record: Record) -> bytes:
    token = await stamped_by(authority, record, 300)
    return token[:-1] + bytes([token[-1] ^ 1])


Stamp = Callable[[Authority, Record], Awaitable[bytes]]
WRONG: Final[tuple[Stamp, ...]] = (partial(stamped_by, size=600), by_another, too_early, altered)


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_one_is_named(stamped: Record, authority: Authority, tmp_path: Path, wrong: Stamp) -> None:
    (stamped.folder / "1/stamps/300").write_bytes(await wrong(authority, stamped))
    report = await look(stamped, tmp_path / "authority" / ROOT)
    assert (report.verified, report.stamped) == (False, 1)
    assert [(one.rule, one.message.partition(" ")[0]) for one in report.findings] == [(Rule.STAMP, "stamps/300")]


async def test_clocks_may_differ_a_little(stamped: Record, authority: Authority, tmp_path: Path) -> None:
    authority.ahead = -LEEWAY + timedelta(minutes=1)
    (stamped.folder / "1/stamps/300").write_bytes(await stamped_by(authority, stamped, 300))
    assert (await look(stamped, tmp_path / "authority" / ROOT)).stamped == 2


async def test_a_stamp_tells_of_a_checkpoint_that_was_removed(stamped: Record) -> None:
    """The newest one, or one of before, without any witness."""
    one = stamped.folder / "1"
    (one / "checkpoint").write_bytes((one / "checkpoints/300").read_bytes())
    (one / "checkpoints/600").unlink()
    report = await look(stamped, None)
    assert [(one.rule, one.message) for one in report.findings] == [
        (Rule.CHECKPOINT_MISSING, "the checkpoint of 600 events was time-stamped, and is not kept")
    ]


async def test_by_the_command(stamped: Record, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {stamped.signer.verifier}\nquorum none\n")
    env = {
        "MOTCUA_DATABASE_URL": stamped.world.app_dsn,
        "MOTCUA_CHECKPOINTS": stamped.folder.as_uri(),
        "MOTCUA_WITNESSES": str(policy),
        "MOTCUA_SIGNATURE_ROOTS": str(tmp_path / "authority" / ROOT),
    }
    verifying = ("ledger", "verify", "--checkpoints")
    assert "2 / 2" in (await Shell(env)(*verifying)).out
    (stamped.folder / "1/stamps/300").write_bytes(b"")
    told = await Shell(env)(*verifying, "--json")
    held = told.json["checkpoints"]
    assert (told.code, held["stamped"], [one["rule"] for one in held["findings"]]) == (1, 1, ["stamp"])
    (tmp_path / "authority" / ROOT).write_text("nothing")
    told = await Shell(env)(*verifying)
    assert (told.code, "MOTCUA_SIGNATURE_ROOTS" in told.err) == (2, True)
    told = await Shell(env)("ledger", "export", "H01.12-20261128-0000001", "--out", tmp_path / "bundle")
    assert "MOTCUA_SIGNATURE_ROOTS" not in told.err, "a bundle holds no time-stamp"
