"""`motcua restore-drill` over a real backup: it names the losses, reads no erased data, and contacts nobody."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil
import pytest

from deploy.stack import Stack
from deploy.stack.postgres import identity, system_user
from schemas.filing.state import Stage
from tests.acting import FILE, NEVER_PAYS, Play, eventually, extract
from tests.conftest import PARTS, ROOT, World, publish_demo, world_of
from tests.faults.processes import motcua, until
from tests.forked import forked
from tests.histories import with_fee
from tests.integration.operations.erasure import ASKS, code_of, ended, let_it_pass
from tests.integration.proof.conftest import LOG
from tests.programs import program
from tests.shell import Ended, Shell

FILES: Final = ROOT / "deploy" / "backup"
AUDITS: Final = "auditor:h01.12-auditor-1@H01.12"
PARTNERS: Final = ("MOTCUA_BANK_URL", "MOTCUA_POST_URL", "MOTCUA_SIGNER_URL", "MOTCUA_TSA_URL", "MOTCUA_RECEIPTS_URL")
SECONDS: Final = 400.0


@dataclass
class Sink:
    """A server in the place of all outside services. It counts connections, and answers none."""

    port: int = 0
    count: int = 0

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        async def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.count += 1
            writer.close()

        async with await asyncio.start_server(met, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield

    @property
    def settings(self) -> dict[str, str]:
        """Returns the production's settings with this sink as every address."""
        return dict.fromkeys(PARTNERS, f"http://127.0.0.1:{self.port}") | {"TEMPORAL_ADDRESS": f"127.0.0.1:{self.port}"}


@dataclass
class House:
    """A folder with a stack whose PostgreSQL archives into a repository, with the files of `deploy/backup`."""

    folder: Path
    user: str | None
    given: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "backup" / "pgbackrest.conf"

    @asynccontextmanager
    async def up(self) -> AsyncIterator[World]:
        home = self.folder / "home"
        async with Stack(home, parts=("postgres",)) as stack:
            self._configure(stack.env["MOTCUA_SUPERUSER_DATABASE_URL"])
        own = (FILES / "postgresql.conf").read_text().replace("pgbackrest ", f"pgbackrest --config={self.config} ")
        with (home / "postgres" / "postgresql.conf").open("a") as file:
            file.write(own.replace(" --stanza", f" --config-include-path={self.config.parent}/conf.d --stanza"))
        async with Stack(home, parts=PARTS) as stack:
            yield await world_of(stack.env, self.folder)

    def _configure(self, superuser: str) -> None:
        address = urlsplit(superuser)
        for name in ("", "conf.d", "repository", "lock"):
            (self.config.parent / name).mkdir()
        paths = {
            "/var/lib/pgbackrest": self.config.parent / "repository",
            "/var/lib/postgresql/18/main": self.folder / "home" / "postgres",
        }
        text = (FILES / "pgbackrest.conf").read_text().replace("pg1-socket-path=/var/run/postgresql", "")
        for path, ours in paths.items():
            text = text.replace(path, str(ours))
        self.config.write_text(f"{text}\npg1-port={address.port}\npg1-user={address.username}\n")
        key = self.config.parent / "conf.d" / "key.conf"
        key.write_text(f"[global]\nrepo1-cipher-pass=a-passphrase\nlock-path={self.config.parent / 'lock'}\n")
        for place in (self.config.parent, *self.config.parent.rglob("*")):
            if self.user is not None:
                shutil.chown(place, self.user)
        self.given = {"PGHOST": "127.0.0.1", "PGPASSWORD": str(address.password)}

    async def backup(self, *words: str) -> str:
        """Runs pgBackRest, as PostgreSQL's user."""
        include = f"--config-include-path={self.config.parent}/conf.d"
        process = await asyncio.create_subprocess_exec(
            *(program("pgbackrest"), f"--config={self.config}", include, "--stanza=motcua", *words),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=self.given,
            **identity(self.user),
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        folder = Path(name).resolve()
        yield House(folder, system_user(folder))


def second_place(folder: Path) -> dict[str, str]:
    key = folder / "log.key"
    key.touch(mode=0o600)
    key.write_text(f"{LOG.written()}\n")
    return {"MOTCUA_CHECKPOINTS": (folder / "second").as_uri(), "MOTCUA_CHECKPOINT_KEY": str(key)}


def scratch_places() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("motcua-drill-*"))


async def stopped(env: dict[str, str], house: House, cut: str) -> None:
    """Checks that a drill that is ended by SIGTERM, while its server runs, leaves neither folder nor server."""
    own, null = {**os.environ, **env}, asyncio.subprocess.DEVNULL
    words = ("restore-drill", "--at", cut, "--config", str(house.config))
    process = forked("motcua.command", *words, env=own, cwd=ROOT, stdout=null, stderr=null)
    await until(lambda: any((place / "data" / "postmaster.pid").exists() for place in scratch_places()), 100)
    [pid] = [int((place / "data" / "postmaster.pid").read_text().split()[0]) for place in scratch_places()]
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 100) == 1
    assert (scratch_places(), psutil.pid_exists(pid)) == ([], False)


@pytest.mark.timeout(900)
async def test_a_drill_names_what_is_lost_keeps_what_was_erased_unread_and_reaches_nobody(house: House) -> None:
    sink = Sink()
    async with house.up() as world, sink.up():
        env = world.process_env | second_place(house.folder)
        shell = Shell(env)
        await publish_demo(world.env)
        await house.backup("stanza-create")
        await house.backup("--type=full", "backup")
        async with world.platform(), world.back_office():
            closed, there = await ended(world), await Play.begin(world, with_fee())
            await let_it_pass(world, closed)
            unpaid = await Play.accepted(world, extract(payer_account=NEVER_PAYS))
            await eventually(lambda: unpaid.kinds("payment", 1), bool)
            await eventually(unpaid.order, bool)
            await there.at(Stage.INTAKE)
            assert (await shell("ledger", "checkpoint")).code == 0
            await house.backup("--type=incr", "backup")
            cut = await world.fetchval("select clock_timestamp()")
            late = await Play.begin(world, extract())
            await there.accept()
        erased = await code_of(world, closed)
        assert (await shell("filing", "erase", erased, "--reason", "asked", "--as", ASKS)).code == 0
        assert (await shell("erasures", "approve", "1", "--as", AUDITS, "--json")).json["finished"] == [erased]
        assert (await shell("ledger", "checkpoint")).code == 0
        await house.backup("check")  # the log goes to the repository up to here

        async def drill(at: object, **more: str) -> Ended:
            words = ("restore-drill", "--at", str(at), "--config", str(house.config), "--json")
            return await motcua(env | sink.settings | more, *words, seconds=SECONDS)

        done = await drill(cut)
        assert done.code == 1, done.err + done.out
        told = done.json
        # The two samples name a file that was never uploaded: nothing else is wrong.
        assert told["problems"] == [{"check": "files", "place": FILE["key"], "rule": "missing"}] * 2
        assert (told["generation"], told["withheld"], told["started"]) == (2, 1, 3), "two filings, a payment"
        lost = {one["code"]: one for one in told["lost"]}
        assert lost.keys() == {await code_of(world, late), await code_of(world, there), erased}
        assert {code for code, one in lost.items() if one["whole"]} == {await code_of(world, late)}
        assert f"filing:{late.filing} 1" in lost[await code_of(world, late)]["receipts"]
        assert lost[await code_of(world, there)]["receipts"][0].startswith(f"filing:{there.filing} "), (
            "of its acceptance"
        )

        assert sink.count == 0, "nobody was reached"
        archived = [path.name for path in house.config.parent.rglob("00000002*")]
        assert archived == [], "no timeline of a restored server is in the repository"
        assert not scratch_places(), "the scratch place is gone"
        doctor = await shell("doctor", "--json")
        [found] = [one for one in doctor.json["findings"] if one["check"] == "drills"]
        assert (found["health"], "found 2 faults" in found["what"]["en"]) == ("fail", True)

        refused = await drill(cut + timedelta(days=1))
        assert (refused.code, refused.json["code"]) == (1, "refused"), refused.err
        [problem] = (await drill(cut - timedelta(days=1))).json["problems"]
        assert (problem["check"], problem["rule"]) == ("restore", "not_restored")
        assert "unable to find backup set" in problem["place"]
        await stopped(env, house, str(cut))
