"""Follows docs/operations.md after a restore of a backup that is older than an erasure and a rotation of keys."""

import asyncio
import base64
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from activities.keys.masters import MASTER_KEY, OTHER_MASTER_KEY
from deploy.stack import Stack
from deploy.stack.postgres import identity, system_user
from motcua.errors import MotcuaError
from operations.programs import POSTGRES
from schemas.filing.state import Stage
from tests.acting import Play, extract
from tests.conftest import PARTS, ROOT, World, publish_demo, world_of
from tests.faults.processes import motcua
from tests.histories import CANARY, with_fee
from tests.integration.operations.erasure import ASKS, code_of, ended, let_it_pass, sound
from tests.integration.proof.conftest import LOG, NAME, WitnessAt, witness_at
from tests.shell import Ended, Shell

NEW: Final = base64.b64encode(bytes(range(32))).decode()
AUDITS: Final = "auditor:h01.12-auditor-1@H01.12"
PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def steps() -> list[list[str]]:
    """Returns the commands that docs/operations.md gives for a restored backup, in order."""
    _, _, section = PAGE.partition("### After a backup was brought back")
    block = re.search(r"```\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return [shlex.split(line, comments=True)[1:] for line in block[1].splitlines() if line.strip()]


@dataclass
class House:
    """A folder with an installation's data; its database and its Temporal run within `up`."""

    folder: Path
    witness: WitnessAt

    @asynccontextmanager
    async def up(self) -> AsyncIterator[tuple[World, Shell]]:
        async with Stack(self.folder / "home", parts=PARTS) as stack:
            world = await world_of(stack.env, self.folder)
            yield world, Shell(world.process_env | self._checkpoints())

    async def backed_up(self, world: World) -> Path:
        """Returns a base backup, with its part of the write-ahead log."""
        room = self.folder / "backup"
        room.mkdir()
        if (user := system_user(self.folder)) is not None:  # PostgreSQL's programs refuse root
            shutil.chown(room, user)
        process = await asyncio.create_subprocess_exec(
            *(str(POSTGRES / "pg_basebackup"), "--pgdata", str(room / "postgres"), "--wal-method=stream"),
            *("--checkpoint=fast", "--dbname", world.superuser_dsn),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            **identity(user),
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return room / "postgres"

    def restore(self, backup: Path) -> None:
        """Restores PostgreSQL from the backup, with an empty Temporal."""
        home = self.folder / "home"
        shutil.rmtree(home / "postgres")
        backup.rename(home / "postgres")
        for file in (home / "temporal").glob("temporal.db*"):
            file.unlink()

    def _checkpoints(self) -> dict[str, str]:
        key, policy = self.folder / "log.key", self.folder / "policy"
        key.touch(mode=0o600)
        key.write_text(f"{LOG.written()}\n")
        policy.write_text(f"witness w {self.witness.key} {self.witness.url}\nquorum w\n")
        return {
            "MOTCUA_CHECKPOINTS": (self.folder / "second").as_uri(),
            "MOTCUA_CHECKPOINT_KEY": str(key),
            "MOTCUA_WITNESSES": str(policy),
        }


@pytest.fixture
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        folder = Path(name).resolve()
        async with witness_at(folder / "witness", LOG.verifier, LOG.named(f"{NAME}/2").verifier) as witness:
            yield House(folder, witness)


def rekeyed(world: World) -> World:
    return replace(world, env={**world.env, MASTER_KEY: NEW})


def findings_by_check(doctor: Ended) -> dict[str, list[tuple[str, str]]]:
    """Returns the health and the words of the findings, by check."""
    said: dict[str, list[tuple[str, str]]] = {}
    for one in doctor.json["findings"]:
        said.setdefault(one["check"], []).append((one["health"], one["what"]["en"]))
    return said


@pytest.mark.timeout(400)
async def test_a_backup_of_before_an_erasure_and_a_change_of_the_master_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.up() as (world, shell):
        await publish_demo(world.env)
        async with world.platform(), world.back_office():
            closed, still = await ended(world), await Play.begin(world, with_fee())
            await let_it_pass(world, closed)
        erased, old = await code_of(world, closed), world.env[MASTER_KEY]
        assert (await shell("ledger", "checkpoint")).code == 0
        backup = await house.backed_up(world)
        assert (await shell("filing", "erase", erased, "--reason", "asked", "--as", ASKS)).code == 0
        assert (await shell("erasures", "approve", "1", "--as", AUDITS, "--json")).json["finished"] == [erased]
        both = {MASTER_KEY: NEW, OTHER_MASTER_KEY: old}
        assert (await shell("keys", "rotate", **both)).code == 0
        new = rekeyed(world)
        async with new.platform(), new.back_office():
            today = replace(still, world=new)
            await today.accept()
            await today.at(Stage.REVIEW)
            lost = await Play.begin(new, extract())
        assert (await shell("ledger", "checkpoint")).code == 0
        assert findings_by_check(await shell("doctor", "--json", **{MASTER_KEY: NEW}))["erasures"][0][0] == "ok"
    house.restore(backup)
    async with house.up() as (restored, shell):
        world = rekeyed(restored)
        again = replace(still, world=world)
        shell.env[MASTER_KEY] = NEW
        await without_the_old_key(shell)
        shell.env |= both
        monkeypatch.setenv(OTHER_MASTER_KEY, old)
        await as_the_page_says(world, shell, closed, lost, erased)
        monkeypatch.delenv(OTHER_MASTER_KEY)
        async with world.platform(), world.back_office():
            assert CANARY not in repr(await world.client.timeline(closed.filing)).lower()
            await again.deliver()
            assert [one["amount"] for one in (await again.order())["captures"]], "what the bank took yesterday"
            assert len((await again.order())["captures"]) == 1
            await world.client.submit(lost.submission)
        await sound(world)
        assert (await shell("ledger", "checkpoint")).code == 0
        assert (await shell("ledger", "verify", "--checkpoints")).code == 0


async def without_the_old_key(shell: Shell) -> None:
    told = findings_by_check(await shell("doctor", "--json"))["master_key"]
    assert told == [("fail", "is not the key that this record was sealed with")]
    assert f"set {OTHER_MASTER_KEY} to the one of before" in (await shell("keys", "rotate")).err
    worker = await motcua(shell.env, "worker")
    assert (worker.code, "is not the key that this record was sealed with" in worker.err) == (4, True), worker.err


async def as_the_page_says(world: World, shell: Shell, closed: Play, lost: Play, erased: str) -> None:
    assert "fewer_events" in (await shell("ledger", "checkpoint")).err
    migrate, begin, doctor, verify, rotate, restart, new_log, again, approve, verify_again = steps()
    assert (await shell(*migrate)).code == 0
    async with world.platform():
        assert CANARY in repr(await world.client.timeline(closed.filing)).lower(), "the erased is back"
    begun = (await shell(*begin, "--json")).json
    assert (begun["generation"], begun["withheld"]) == (2, 1)
    async with world.platform():
        with pytest.raises(MotcuaError):
            await world.client_of(5).timeline(closed.filing)
    told = findings_by_check(await shell(*doctor, "--json"))
    for check, (health, words) in {
        "checkpoints": ("fail", "it has lost some"),
        "erasures": ("fail", "1 erased filings stand in the record again: a backup was brought back"),
        "lost": ("fail", "open in the record and not running"),
        "master_key": ("warn", "keys are still wrapped by another master key"),
    }.items():
        assert told[check][0][0] == health
        assert words in told[check][0][1]
    report = (await shell(*verify, "--json")).json["checkpoints"]
    missing = {one["stream"] for one in report["findings"] if one["rule"] == "event_missing"}
    assert {f"filing:{closed.filing}", f"filing:{lost.filing}"} < missing
    assert (await shell(*rotate, "--json")).json["left"] == {}
    shell.env.pop(OTHER_MASTER_KEY)
    assert (await shell(*restart, "--json")).json["filings"]["restarted"] == 1
    assert "succeeds motcua.example/record " in (await shell(*new_log)).out
    asked = (await shell(*again, "--json")).json
    assert (asked["filings"], asked["state"], asked["not_yet"]) == (1, "waiting", [])
    assert (await shell(*again, "--json")).json is None, "somebody has asked"
    assert findings_by_check(await shell("doctor", "--json"))["erasures"][0][0] == "fail", "it is not done"
    assert (await shell(*approve, "--json")).json["finished"] == [erased]
    assert findings_by_check(await shell("doctor", "--json"))["erasures"] == [
        ("ok", "no request waits for over 72 hours")
    ]
    assert not await world.fetchval("select count(*) from filing_key where filing_id = $1", closed.filing)
    ended = await shell(*verify_again)
    assert ended.code == 0
    assert "reason restored from the backup of 27 November" in ended.out
