"""`motcua doctor`: findings and remedies, in a healthy world and in broken ones."""

import asyncio
import base64
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from console.home import Home
from deploy.command import app
from operations.commands.doctor import FIRST, THEN
from operations.doctor import certificates
from operations.doctor.check import Health
from operations.doctor.engine import temporal as engine
from operations.doctor.engine.temporal import WHOLE_CALL, long_updates
from operations.doctor.record.tables import SPILL
from operations.schema_version import compare
from publishing.authoring.calendars import publish_calendar
from recovery.builds import Builds
from recovery.schedule import keep_healing
from rules.time.working_time import VIETNAM
from schemas.ids import filing_workflow
from tests.acting import Play, birth, eventually, extract
from tests.any_files import any_file_activities
from tests.conftest import World
from tests.integration.files.clamd import OwnClamd
from tests.integration.operations.doctor import NOBODY, Doctor
from tests.rogue import rogues
from tests.shell import Shell
from workers.wiring import versioned_worker


@pytest.fixture
async def running(world: World) -> AsyncIterator[World]:
    """A world whose worker has a build id, and this build has been promoted."""
    settings = world.settings
    async with (
        any_file_activities(settings) as functions,
        versioned_worker(world.temporal, functions, settings),
        world.back_office(),
        asyncpg.create_pool(world.app_dsn, min_size=0, max_size=1) as pool,
    ):
        await Builds(pool, world.temporal).promote(settings.build)
        yield world


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # beside no running stack
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def doctor(shell: Shell) -> Doctor:
    return Doctor(shell.env)


async def test_with_nothing_running_it_says_what_to_start(here: None) -> None:  # noqa: ARG001 -- for where it runs
    told = await Doctor({})(TEMPORAL_ADDRESS=NOBODY)
    assert told.failed == {"settings", "temporal"}
    assert "make up" in told.fix("settings")
    assert told.of("postgres") == [("skipped", "MOTCUA_DATABASE_URL is not set")]
    assert told.of("stalled") == [("skipped", "Temporal does not answer")]
    assert {one["check"] for one in told.findings} == {check.name for check in (*FIRST, *THEN)}


async def test_a_temporal_that_hangs_is_named_by_its_address(here: None) -> None:  # noqa: ARG001 -- for where it runs
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        where = f"127.0.0.1:{hanging.getsockname()[1]}"
        told = await Doctor({})(TEMPORAL_ADDRESS=where)
    assert told.of("temporal") == [("fail", f"{where} does not answer")]


async def test_a_stack_that_was_killed_is_told_from_one_that_was_stopped(here: None, tmp_path: Path) -> None:  # noqa: ARG001
    home = Home(tmp_path / ".motcua")
    home.create()
    assert (await Doctor({})()).of("stack") == [("warn", "none runs in this folder")]
    home.env_file.write_text("cut off")
    assert (await Doctor({})(TEMPORAL_ADDRESS=NOBODY)).of("stack") == [("fail", ".motcua/run/env: ValueError")]
    home.write_env({"MOTCUA_DATABASE_URL": f"postgresql://nobody:secret@{NOBODY}/none"})
    home.pid_file("postgres").write_text(f"{2**22 + 1}\n")  # beyond what Linux gives
    home.pid_file("worker").write_text(f"{os.getpid()}\n")
    told = await Doctor({})(TEMPORAL_ADDRESS=NOBODY)
    assert told.of("stack") == [("fail", "has died: postgres")]
    assert ("ok", f".motcua/run/env: MOTCUA_DATABASE_URL=postgresql://nobody@{NOBODY}/none") in told.of("settings")
    assert {"postgres", "stack"} <= told.failed


async def test_a_healthy_world_is_healthy_and_no_secret_is_told(running: World, doctor: Doctor) -> None:
    await Play.begin(running, birth())
    await keep_healing(running.temporal)

    told = await doctor()
    assert told.healthy, told.text
    # What bank, post and signer list is of other tests too.
    shared = {("acts", "warn"), ("unordered_signatures", "warn")}
    unwell = [found for one in told.findings if (found := (one["check"], one["health"])) not in shared]
    unwell = [(check, health) for check, health in unwell if health != "ok"]
    # Nobody is asked who they are here.
    # No gateway, virus scanner or second place is set up here, nor does the agency run that has an office of its own.
    not_here = [("gateway", "skipped"), ("scanner", "warn"), ("drills", "skipped"), ("identity", "warn")]
    assert unwell == [*not_here, ("checkpoints", "skipped"), ("pollers", "warn")]
    assert "--agency H29.16" in told.fix("pollers")
    assert len(told.of("clocks")) == 2
    assert all(one["what"]["vi"] and one["what"]["en"] for one in told.findings)
    secrets = {running.env["MOTCUA_MASTER_KEY"]} | {
        str(urlsplit(value).password) for name, value in running.env.items() if name.endswith("DATABASE_URL")
    }
    assert not [secret for secret in secrets if secret in told.text]


async def test_without_workers_it_names_who_stands_still(doctor: Doctor) -> None:
    told = await doctor()
    assert told.failed == {"pollers", "builds"}
    assert [words for health, words in told.of("pollers") if health == "warn"] == [
        "agency.H29.16: nobody; 0 tasks wait; standing still: H29.16",
        (
            "backoffice: nobody; 0 tasks wait; standing still: "
            "G18.01, H01, H01.01, H01.05, H01.12, H01.13, H01.30, H01.31, H01.40, H01.50, H01.60, H24.10, H24.12, "
            "H29.05, H56, H56.30"
        ),
    ]
    assert "motcua worker" in told.fix("pollers")


FULL = """
create schema full_disk;
grant usage on schema full_disk to motcua_app;
create function full_disk.md5(text) returns text language plpgsql as
    $$ begin raise exception 'could not write to file: No space left on device' using errcode = '53100'; end $$;
alter role motcua_app in database {database} set search_path = full_disk, pg_catalog, public;
"""


async def test_a_full_disk_is_named(running: World, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await doctor()
    writes, room = told.of("postgres_disk")
    assert writes == ("ok", "writes")
    assert "/postgres: " in room[1]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=2**40, used=2**40 - 1, free=1))
    told = await doctor()
    assert [health for health, _ in told.of("postgres_disk")] == ["ok", "fail"]
    told = await doctor(MOTCUA_SUPERUSER_DATABASE_URL=None, MOTCUA_OWNER_DATABASE_URL=None)
    assert told.of("postgres_disk") == [("ok", "writes")]  # the application may not know where
    await running.execute(FULL.format(database=urlsplit(running.app_dsn).path[1:]))
    told = await doctor()
    assert told.of("postgres_disk") == [("fail", "the disk of PostgreSQL is full: nothing can be written")]


async def test_what_the_doctor_writes_is_written_to_the_disk(running: World) -> None:
    async with running.connection() as connection:
        await connection.execute("set work_mem = '64kB'")
        plan = await connection.fetch(f"explain analyze {SPILL}")
    assert any("external" in row[0] and "Disk:" in row[0] for row in plan)


async def test_a_role_that_may_change_the_log_is_refused(running: World, doctor: Doctor) -> None:
    for dsn in (running.owner_dsn, running.superuser_dsn):
        told = await doctor(MOTCUA_DATABASE_URL=dsn)
        assert told.failed == {"role"}
        assert "may change the event log" in told.of("role")[0][1]
    await running.execute("grant update (body) on event to motcua_app")
    assert (await doctor()).failed == {"role"}
    revoked = "revoke update (body) on event from motcua_app; revoke insert on event from motcua_app"
    await running.execute(revoked)
    told = await doctor()
    assert (told.failed, told.of("role")[0][1]) == ({"role"}, "the role motcua_app lacks rights on event")


async def test_filings_without_readers_and_a_table_open_to_the_door_are_named(running: World, doctor: Doctor) -> None:
    play = await Play.begin(running, birth())
    await running.execute("grant select on payment to motcua_gateway; delete from reader")
    told = await doctor()
    assert told.failed == {"role", "read_models"}
    assert told.of("role")[0][1] == "the role motcua_gateway sees every row of payment"
    assert f"such as {filing_workflow(play.filing)}" in told.of("read_models")[0][1]


async def test_migrations_that_lack_and_that_are_unknown(running: World, doctor: Doctor) -> None:
    newest = compare(()).pending[-1]
    async with running.connection() as connection:
        await connection.execute("insert into schema_migrations values ('29990101000000')")
        assert (await doctor()).of("migrations") == [("warn", "the database is of a later version: 29990101000000")]
        await connection.execute("delete from schema_migrations where version = $1", newest.partition("_")[0])
        assert (await doctor()).of("migrations")[0] == ("fail", f"pending: {newest}")
        await connection.execute("revoke all on schema_migrations from motcua_app")
        assert "migrations" in (await doctor()).failed
        await connection.execute("drop table schema_migrations")
        assert "migrations" in (await doctor()).failed
    worker = await asyncio.to_thread(CliRunner().invoke, app, ["worker"], env=running.process_env | {"LANG": "en"})
    assert (worker.exit_code, "run `motcua migrate` first" in " ".join(worker.stderr.split())) == (1, True)


async def test_another_master_key_is_not_the_one(running: World, doctor: Doctor) -> None:
    other = base64.b64encode(bytes(32)).decode()
    await running.execute("delete from filing_key")
    assert (await doctor(MOTCUA_MASTER_KEY=other)).healthy
    await Play.begin(running, birth())
    assert (await doctor(MOTCUA_MASTER_KEY=other)).failed == {"master_key"}
    assert (await doctor(MOTCUA_MASTER_KEY="short")).failed == {"settings", "master_key"}


async def test_a_filing_that_ends_during_the_look_is_not_lost(
    running: World, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = await Play.begin(running, extract())
    await running.temporal.get_workflow_handle(filing_workflow(play.filing)).terminate()
    asked = []

    async def ends(_: object, workflow_id: str) -> bool:
        asked.append(workflow_id)
        await running.execute("update standing set open = false where filing_id = $1", play.filing)
        return False

    monkeypatch.setattr(engine, "runs", ends)
    told = await eventually(doctor, lambda _: bool(asked))
    assert [health for health, _ in told.of("lost")] == ["ok"]


async def test_a_filing_without_a_workflow_is_named(running: World, doctor: Doctor) -> None:
    play = await Play.begin(running, extract())
    code = (await play.view()).code
    await running.temporal.get_workflow_handle(filing_workflow(play.filing)).terminate()
    told = await eventually(doctor, lambda told: bool(told.failed))
    lost = f"open in the record and not running: {code} (filing)"
    assert (told.failed, told.of("lost")[0][1]) == ({"lost"}, lost)
    assert "motcua filing restart" in told.fix("lost")


async def test_a_read_model_that_lags_is_named(running: World, doctor: Doctor) -> None:
    play = await Play.begin(running, extract())
    await running.execute("update filing set seq = seq + 1")
    told = await doctor()
    assert (told.failed, filing_workflow(play.filing) in told.of("read_models")[0][1]) == ({"read_models"}, True)


async def test_a_calendar_that_ends_is_told_of_before_and_after(world: World, doctor: Doctor) -> None:
    today = datetime.now(VIETNAM).date()
    for left, health, said in ((30, "warn", "days left: 30"), (-1, "fail", "days ago: 1")):
        last = today + timedelta(days=left)
        file = f"code: vn\nversion: {last}\nvalid_from: {today.year - 1}-01-01\nvalid_until: {last}\n"
        await publish_calendar(world.owner_dsn, file.encode())
        told = await doctor()
        ((found, words),) = told.of("calendar")
        assert (found, words.startswith(f"vn@{last} "), said in words) == (health, True, True)
        assert "reaches further" in told.fix("calendar")


async def test_a_proposed_day_that_came_undecided_fails(world: World, doctor: Doctor) -> None:
    day = "{ date: 2026-11-23, kind: off, status: proposed, source: asked about }"
    ends = "valid_from: 2026-01-01\nvalid_until: 2030-12-31"
    await publish_calendar(world.owner_dsn, f"code: vn\nversion: 1\n{ends}\noverlays: [{{ days: [{day}] }}]\n".encode())
    told = await doctor()
    assert told.of("calendar") == [("fail", "vn@1 has days that are only proposed and have come: Mon 2026-11-23")]
    assert "find the decision" in told.fix("calendar")


async def test_what_does_not_answer_is_named(doctor: Doctor, tmp_path: Path) -> None:
    told = await doctor(
        MOTCUA_DATABASE_URL=f"postgresql://nobody@{NOBODY}/none",
        MOTCUA_BANK_URL=f"http://{NOBODY}",
        MOTCUA_POST_URL="no address",
        MOTCUA_OBJECTS=(tmp_path / "nowhere").as_uri(),
        TEMPORAL_NAMESPACE="nowhere",
    )
    assert told.failed == {"postgres", "temporal", "bank", "post"}
    assert "no namespace nowhere" in told.of("temporal")[0][1]
    assert [NOBODY in told.of(server)[0][1] for server in ("postgres", "bank")] == [True, True]
    assert told.of("objects")[0][0] == "warn"
    assert not (tmp_path / "nowhere").exists()
    assert (await doctor(MOTCUA_OBJECTS="gopher://x")).of("objects")[0][0] == "fail"


async def test_what_signatures_are_checked_with_is_looked_at(
    doctor: Doctor, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await doctor(MOTCUA_SIGNATURE_SUBJECTS='{"prefixes": {"CCCD:": "person"}}')
    ((health, words),) = told.of("signature_roots")
    assert (health, words.startswith("CN=Sandbox Root CA,C=VN until ")) == ("ok", True)
    assert told.of("signer") == [("ok", "the signing service answers")]
    assert (told.of("time_stamps"), told.of("trust")) == ([("ok", "time-stamps are given")], [("ok", "it answers")])
    assert not any("SUBJECTS" in words for health, words in told.of("settings") if health != "ok")

    with monkeypatch.context() as much_later:
        much_later.setattr(certificates, "SOON", timedelta(days=36_500))
        (_, (health, words)) = (await doctor()).of("time_stamps")
    assert (health, "MOTCUA_TSA_URL: the certificate is valid until " in words) == ("warn", True)
    away = await doctor(
        MOTCUA_SIGNATURE_ROOTS=None,
        MOTCUA_TSA_URL=f"http://{NOBODY}/tsa",
        MOTCUA_TRUST_URL=f"http://{NOBODY}",
        MOTCUA_SIGNATURE_SUBJECTS='{"prefixes": 1}',
    )
    assert [away.of(name)[0][0] for name in ("signature_roots", "time_stamps", "trust")] == ["warn"] * 3
    assert "every signature is left to an officer" in away.of("signature_roots")[0][1]
    ((health, words),) = away.of("signer")
    assert (health, words.partition(";")[0]) == ("warn", "not set: MOTCUA_SIGNATURE_ROOTS")
    silent = await doctor(MOTCUA_SIGNER_URL=f"http://{NOBODY}")
    assert silent.of("signer")[0] == ("fail", "the signing service does not answer: ConnectError")
    assert "settings" in away.failed

    for days, health in ((59, "warn"), (6, "fail"), (-1, "fail")):
        (tmp_path / "root.pem").write_bytes(root(timedelta(days=days)))
        assert (await doctor(MOTCUA_SIGNATURE_ROOTS=str(tmp_path / "root.pem"))).of("signature_roots")[0][0] == health
    (tmp_path / "root.pem").write_bytes(root(timedelta(days=99), ec.SECP192R1()))
    told = await doctor(MOTCUA_SIGNATURE_ROOTS=str(tmp_path / "root.pem"))
    assert told.of("signature_roots") == [("fail", "CN=Root: its key does not count")]
    told = await doctor(MOTCUA_SIGNATURE_POLICY='{"digests": ["sha512"]}')
    assert [health for health, _ in told.of("time_stamps")] == ["fail"]
    assert "settings" in (await doctor(MOTCUA_SIGNATURE_POLICY='{"digest": []}')).failed
    for content in (b"", b"no certificate"):
        (tmp_path / "root.pem").write_bytes(content)
        told = await doctor(MOTCUA_SIGNATURE_ROOTS=str(tmp_path / "root.pem"))
        assert told.of("signature_roots") == [("fail", "the roots can't be read: ValueError")]
    gone = await doctor(MOTCUA_SIGNATURE_ROOTS=str(tmp_path / "gone.pem"))
    assert gone.of("signature_roots") == [("fail", "the roots can't be read: FileNotFoundError")]
    assert world.env["MOTCUA_MASTER_KEY"] not in gone.text


def root(lasts: timedelta, curve: ec.EllipticCurve | None = None) -> bytes:
    key, now = ec.generate_private_key(curve or ec.SECP256R1()), datetime.now(VIETNAM)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Root")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=90)).not_valid_after(now + lasts)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


async def test_a_virus_scanner_that_is_set_must_answer(here: None, tmp_path: Path) -> None:  # noqa: ARG001 -- for where it runs
    doctor = Doctor({"TEMPORAL_ADDRESS": NOBODY})
    assert (await doctor()).of("scanner") == [("warn", "MOTCUA_CLAMD is not set: files stay unscanned")]
    clamd = OwnClamd(tmp_path)
    told = await doctor(MOTCUA_CLAMD=clamd.socket)
    [(health, words)] = told.of("scanner")
    assert (health, "filings with files wait" in words) == ("fail", True)
    assert "start clamd" in told.fix("scanner")
    async with clamd:
        assert (await doctor(MOTCUA_CLAMD=clamd.socket)).of("scanner")[0][0] == "ok"


def test_a_server_that_ends_filings_for_long_refusals_is_told_of() -> None:
    assert long_updates(WHOLE_CALL) == []
    [found] = long_updates(2 * 1024 * 1024)
    assert (found.health, "2,097,152 bytes" in found.what.en) == (Health.WARN, True)


async def test_settings_that_nobody_reads_or_that_are_wrong(running: World, doctor: Doctor) -> None:
    told = await doctor(
        MOTCUA_DATABSE_URL="x://secret", MOTCUA_POOL_SIZE="many", MOTCUA_MASTER_KEY=None, MOTCUA_METRICS="9464"
    )
    words = told.of("settings")
    assert ("warn", "nobody reads MOTCUA_DATABSE_URL") in words
    assert ("fail", "not set: MOTCUA_MASTER_KEY") in words
    for name in ("MOTCUA_POOL_SIZE", "MOTCUA_METRICS"):
        assert any(health == "fail" and text.startswith(name) for health, text in words)
    assert "secret" not in told.text
    assert running.namespace in told.text


async def test_a_port_that_was_chosen_must_be_free(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = await doctor(MOTCUA_TEMPORAL_PORT=port)
        assert "ports" in told.failed
    assert (await doctor(MOTCUA_TEMPORAL_PORT=port)).of("ports") == [("ok", f"MOTCUA_TEMPORAL_PORT={port}: free")]
    for name in ("MOTCUA_TEMPORAL_PORT", "MOTCUA_TEMPORAL_UI_PORT", "MOTCUA_BACK_OFFICE_PORT"):
        told = await doctor(**{name: "high"})
        assert ("fail", f"{name} is no port") in told.of("ports")
        assert [health for health, _ in told.of("settings") if health != "ok"] == []


@asynccontextmanager
async def deaf() -> AsyncIterator[str]:
    """Yields the address of a server that accepts every connection and never answers."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


async def test_it_ends_whatever_hangs(doctor: Doctor) -> None:
    async with deaf() as address:
        began = time.monotonic()
        told = await doctor(
            MOTCUA_DATABASE_URL=f"postgresql://nobody:secret@{address}/none",
            MOTCUA_BANK_URL=f"http://{address}",
            MOTCUA_POST_URL=f"http://{address}",
            TEMPORAL_ADDRESS=address,
        )
        took = time.monotonic() - began
    assert took < 15
    assert told.failed == {"postgres", "temporal", "bank", "post"}
    assert "secret" not in told.text


async def test_an_old_build_and_a_stranger_are_named_until_they_go(running: World, doctor: Doctor) -> None:
    build = running.settings.build
    await running.execute("update build set reads = reads - 'by_order'")
    told = await doctor()
    assert told.failed == {"builds"}
    gives = "signs, gives money back and sends for anybody who reaches Temporal"
    assert told.of("builds")[1] == ("fail", f"{build} {gives}")
    assert f"motcua versions drain {build}" in told.fix("builds")
    await running.execute("update build set reads = reads || '{\"by_order\": true}'")
    async with rogues(running.temporal):
        told = await eventually(doctor, lambda told: told.failed == {"builds"})
        assert [words for health, words in told.of("builds") if health == "fail"] == [f"evil:b1 {gives}"]
    assert (await eventually(doctor, lambda told: not told.failed)).healthy
