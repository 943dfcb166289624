"""A master key in a service, used over HTTP; `motcua keys rotate` moves the record to another key."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.keys import transit as transits
from activities.keys.master_key import KeysUnavailableError, Wrapped
from activities.keys.masters import MASTER_KEY, OTHER_MASTER_KEY, VAULT_TOKEN_FILE, MasterKeys, master_keys
from activities.keys.transit import Transit
from activities.ledger.append import Ledger
from activities.ledger.vault import Vault
from gateway.door.drafts.stored import Person, Stored, Unfinished
from motcua.cli.running import WorkRefusedError
from operations import key_rotation as rotation
from operations.key_rotation import WRAPPED_BY, rotate
from rules.streams import KINDS
from tests.acting import AGENCY, eventually
from tests.conftest import World
from tests.integration.operations.doctor import Doctor
from tests.integration.record.appends import RELEASED, opened
from tests.keyed import keyed
from tests.sandboxes import Server
from tests.shell import Shell

TOKEN: Final = "s.sandbox"
SECRETS: Final = {f"k:{n}": bytes([n]) * 32 for n in range(3)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server("transit", tmp_path_factory.mktemp("transit"), "--token", TOKEN) as started:
        yield started


@pytest.fixture
def engine(server: Server) -> Iterator[Engine]:
    yield Engine(server)
    server.client.put("/outage", json={"fault": "none"}).raise_for_status()


class Engine:
    """A new key in the service, and control over the service's faults."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.key = f"motcua-{uuid4().hex[:8]}"
        self.token = server.data / "token"
        self.token.write_text(f"{TOKEN}\n")
        self.address = f"vault:{server.url}/transit/{self.key}"
        self._post(f"keys/{self.key}")

    def rotated(self) -> None:
        self._post(f"keys/{self.key}/rotate")

    def fault(self, fault: str) -> None:
        self.server.client.put("/outage", json={"fault": fault}).raise_for_status()

    def manager(self) -> Transit:
        return Transit(self.address.removeprefix("vault:"), self.token)

    def masters(self, other: str | None = None) -> MasterKeys:
        return master_keys(self.address, other, str(self.token))

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.server.url)
        return str(parts.hostname), int(parts.port or 0)

    def _post(self, path: str) -> None:
        self.server.client.post(f"/v1/transit/{path}", headers={"x-vault-token": TOKEN}).raise_for_status()


async def test_what_it_wrapped_it_opens_in_later_versions(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transits, "AT_ONCE", 2)
    manager = engine.manager()
    assert manager.name == f"transit/{engine.key}"
    wrapped = await manager.wrap(SECRETS)
    assert [(one.key_id, one.by) for one in wrapped] == [(key_id, f"{manager.name}@1") for key_id in SECRETS]
    assert all(secret not in one.data for secret, one in zip(SECRETS.values(), wrapped, strict=True))
    engine.rotated()
    assert await manager.version() == f"{manager.name}@2"
    assert await manager.unwrap(wrapped) == list(SECRETS.values())
    again = await manager.rewrap(wrapped)
    assert [one and one.by for one in again] == [f"{manager.name}@2"] * 3
    assert await manager.unwrap([one for one in again if one is not None]) == list(SECRETS.values())
    others = (manager.name, "m-0000000000000000")
    assert [manager.has_wrapped(by) for by in (wrapped[0].by, *others)] == [True, False, False]


async def test_what_was_changed_or_moved_to_another_key_does_not_open(engine: Engine) -> None:
    manager = engine.manager()
    one, other, third = await manager.wrap(SECRETS)
    moved = Wrapped(other.key_id, one.data, one.by)
    forged = [Wrapped(one.key_id, data, one.by) for data in (one.data[:-8] + b"AAAAAAA=", b"\xff\x00", b"")]
    assert await manager.unwrap([moved, *forged, third]) == [None] * 4 + [SECRETS["k:2"]]
    assert [found and found.key_id for found in await manager.rewrap([*forged, third])] == [None] * 3 + ["k:2"]
    assert await Engine(engine.server).manager().unwrap([one]) == [None], "by another key of the same service"


@pytest.mark.parametrize(("fault", "says"), [("sealed", "refused: HTTP 503"), ("forbidden", "refused: HTTP 403")])
async def test_whoever_refuses_is_asked_again_and_that_is_said(engine: Engine, fault: str, says: str) -> None:
    manager = engine.manager()
    wrapped = await manager.wrap(SECRETS)
    engine.fault(fault)
    for asked in (manager.version(), manager.wrap(SECRETS), manager.unwrap(wrapped), manager.rewrap(wrapped)):
        with pytest.raises(KeysUnavailableError, match=says):
            await asked
    engine.fault("none")
    assert await manager.unwrap(wrapped) == list(SECRETS.values())


async def test_who_does_not_answer_in_time_is_not_waited_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transits, "SECONDS", 0.3)
    engine.fault("hang")
    with pytest.raises(KeysUnavailableError, match="can't be asked: "):
        await engine.manager().wrap(SECRETS)
    with pytest.raises(KeysUnavailableError, match="can't be asked: ConnectError"):
        await Transit("http://127.0.0.1:9/transit/motcua", engine.token).version()
    engine.token.unlink()
    with pytest.raises(KeysUnavailableError, match="can't be asked: FileNotFoundError"):
        await engine.manager().version()


@pytest.mark.parametrize(
    "said", ["vault:", "vault:https://host", "vault:https://host/key", "vault:ftp://host/a/b", "AAAA", ""]
)
def test_what_is_no_key_and_no_place_of_one_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"vault:https://<host>/<mount>/<key>|32 bytes in base64"):
        master_keys(said, None, "token")


def test_a_key_in_vault_needs_a_token() -> None:
    with pytest.raises(ValueError, match="MOTCUA_VAULT_TOKEN_FILE"):
        master_keys("vault:https://host/transit/key")


class Between:
    """A proxy in front of the service: counts connections, and can cut one at the next request."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.connections = 0
        self.open = 0
        self.hang_up = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        from_server, server = await asyncio.open_connection(*self.engine.place)
        answering = asyncio.create_task(self._carry(from_server, writer))
        while asked := await reader.read(1 << 16):
            if self.hang_up:
                self.hang_up = False
                break
            server.write(asked)
        for stream in (server, writer):
            stream.close()
            await stream.wait_closed()
        await answering
        self.open -= 1

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while told := await reader.read(1 << 16):
            writer.write(told)


@asynccontextmanager
async def between(engine: Engine) -> AsyncIterator[tuple[Between, str]]:
    """Runs the proxy; yields it, and the key's address through it."""
    wire = Between(engine)
    async with await asyncio.start_server(wire.accept, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield wire, f"vault:http://127.0.0.1:{port}/transit/{engine.key}"
        await eventually(lambda: asyncio.sleep(0, wire.open), lambda left: left == 0)


async def test_connections_are_kept_while_a_process_asks_and_closed_then(engine: Engine) -> None:
    async with between(engine) as (wire, address):
        masters = master_keys(address, None, str(engine.token))
        for _ in range(2):
            await masters.current.wrap(SECRETS)
        assert wire.connections == 2
        async with masters.connected():
            for _ in range(3):
                await masters.current.wrap(SECRETS)
            assert wire.connections == 3
            wire.hang_up = True
            assert await masters.current.unwrap(await masters.current.wrap(SECRETS)) == list(SECRETS.values())
            assert (wire.hang_up, wire.connections) == (False, 4), "asked once more, over another one"


async def test_no_append_is_lost_while_nobody_can_be_asked(world: World, engine: Engine) -> None:
    masters = engine.masters()
    async with opened(world) as log, world.connection() as connection:
        await connection.execute("delete from filing_key")
        await Vault(masters).key(connection, log.filing, AGENCY, first=True)
        ledger, released = Ledger(log.pool, Vault(masters), KINDS), log.batch(RELEASED)
        engine.fault("sealed")
        for _ in range(2):
            with pytest.raises(ApplicationError, match="the key manager refused: HTTP 503") as error:
                await ledger.append(released)
            assert (error.value.type, error.value.non_retryable) == ("keys_unavailable", False)
        engine.fault("none")
        assert [one.seq for one in (await ledger.append(released)).stored] == [1]
        engine.fault("sealed")
        assert [one.seq for one in (await ledger.append(log.batch(RELEASED, next_seq=2))).stored] == [2], "it is known"


@pytest.mark.usefixtures("nobody_published")
async def test_the_record_moves_from_settings_to_a_service_onwards_and_back(world: World, engine: Engine) -> None:
    here = world.settings.master
    filings = [await keyed(world) for _ in range(3)]
    async with world.connection() as connection:
        person = await Vault(here).person(connection, "001", first=True)
        keys = [await Vault(here).find(connection, filing) for filing in filings]

        async def moved(masters: MasterKeys, by: str) -> None:
            told: list[tuple[int, int]] = []
            report = await rotate(world.owner_dsn, masters, lambda *how: told.append(how))
            assert (report.by, report.rotated, report.left) == (by, 3, {})
            assert told == [(3, 3)]
            assert (await rotate(world.owner_dsn, masters, lambda *_: None)).rotated == 0
            vault = Vault(MasterKeys(masters.current))
            assert await vault.opens(connection)
            assert [await vault.find(connection, filing) for filing in filings] == keys, "key_id and all"
            assert await vault.person(connection, "001") == person

        key = world.env["MOTCUA_MASTER_KEY"]
        await moved(engine.masters(key), f"transit/{engine.key}@1")
        assert not await Vault(here).opens(connection)
        engine.rotated()
        await moved(engine.masters(), f"transit/{engine.key}@2")
        await moved(master_keys(key, engine.address, str(engine.token)), here.current.name)
        made = await Vault(engine.masters(key)).new(cast("Any", uuid4()))
        assert made[0].key_id.startswith(f"transit/{engine.key}:")


NEW: Final = base64.b64encode(bytes(range(32))).decode()
NOWHERE: Final = "vault:http://127.0.0.1:9/transit/motcua"
NAME: Final = master_keys(NEW).current.name


def set_to(current: str, other: str | None = None, token: Path | None = None) -> dict[str, str | None]:
    return {MASTER_KEY: current, OTHER_MASTER_KEY: other, VAULT_TOKEN_FILE: None if token is None else str(token)}


async def doctor_says(shell: Shell, **env: str | None) -> tuple[str, str]:
    [found] = (await Doctor(shell.env)(**env)).of("master_key")
    return found


@pytest.mark.usefixtures("nobody_published")
async def test_what_another_key_wrapped_is_anew_and_the_rest_said(world: World, shell: Shell, tmp_path: Path) -> None:
    old = world.env[MASTER_KEY]
    for _ in range(2):
        await keyed(world)
    name = master_keys(old).current.name
    assert await doctor_says(shell) == ("ok", "opens the keys of the record")
    waiting = ("warn", "2 keys are still wrapped by another master key, or an older version")
    assert await doctor_says(shell, **set_to(NEW, old)) == waiting

    done = await shell("keys", "rotate", **set_to(NEW, old))
    assert (done.code, done.out) == (0, f"2 keys → {NAME}\n"), done.err
    assert (await shell("keys", "rotate", "--json", **set_to(NEW))).json == {"by": NAME, "rotated": 0, "left": {}}
    assert await doctor_says(shell, **set_to(NEW)) == ("ok", "opens the keys of the record")
    assert (await doctor_says(shell))[0] == "fail"

    lacking = await shell("keys", "rotate", "--json")
    assert (lacking.code, "set MOTCUA_OTHER_MASTER_KEY" in lacking.err) == (1, True), lacking.err
    assert old not in lacking.out + lacking.err
    assert (await shell("keys", "rotate", **set_to(world.env[MASTER_KEY], NEW))).code == 0
    assert await by(world) == {name: 3}

    token = tmp_path / "token"
    token.write_text("-")
    for command in (("keys", "rotate"), ("keys", "list")):
        assert (await shell(*command, **set_to(NOWHERE))).code == 2, "no token"
    gone = await shell("keys", "rotate", **set_to(NOWHERE, old, token))
    assert (gone.code, "the key manager can't be asked: ConnectError" in gone.err) == (4, True), gone.err
    away = ("fail", "the key manager can't be asked: ConnectError")
    assert await doctor_says(shell, **set_to(NOWHERE, old, token)) == away
    assert await by(world) == {name: 3}


async def by(world: World) -> dict[str, int]:
    return {row["by"]: row["count"] for row in await world.fetch(WRAPPED_BY)}


@pytest.mark.usefixtures("nobody_published")
async def test_what_no_key_here_opens_is_left_as_it_is(world: World) -> None:
    broken, sound = await keyed(world), await keyed(world)
    masters = MasterKeys(master_keys(NEW).current, world.settings.master.current)
    async with world.connection() as connection:
        await connection.execute("update filing_key set wrapped = wrapped || wrapped where filing_id = $1", broken)
        before = await connection.fetchrow("select * from filing_key where filing_id = $1", broken)
        report = await rotate(world.owner_dsn, masters, lambda *_: None)
        assert (report.rotated, report.left) == (1, {world.settings.master.current.name: 1})
        assert await connection.fetchrow("select * from filing_key where filing_id = $1", broken) == before
        assert await Vault(master_keys(NEW)).find(connection, sound) is not None


@pytest.mark.usefixtures("nobody_published")
async def test_the_keys_of_drafts_move_with_those_of_filings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two persons may have drafts with one id, even if a page of keys ends between the two."""
    monkeypatch.setattr(rotation, "AT_ONCE", 1)
    await keyed(world)
    masters, draft_id = MasterKeys(master_keys(NEW).current, world.settings.master.current), uuid4()
    persons = [Person("citizens", "portal", name) for name in ("an", "binh")]
    async with world.connection() as connection:
        await Vault(world.settings.master).begin(connection)
    async with asyncpg.create_pool(world.door_dsn) as pool:
        for one in persons:
            before = Stored(pool, Vault(world.settings.master), 30)
            await before.save(one, draft_id, Unfinished(content={"of": one.subject}), None)
        report = await rotate(world.owner_dsn, masters, lambda *_: None)
        assert (report.rotated, report.left) == (3, {})
        assert await by(world) == {NAME: 4}
        after = Stored(pool, Vault(MasterKeys(masters.current)), 30)
        read = [(await after.one(one, draft_id)).draft.model_dump()["content"] for one in persons]
        assert read == [{"of": "an"}, {"of": "binh"}]


@pytest.mark.usefixtures("nobody_published")
async def test_what_is_erased_meanwhile_does_not_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    filings = sorted([await keyed(world) for _ in range(3)])
    masters = MasterKeys(master_keys(NEW).current, world.settings.master.current)
    async with world.connection() as connection:
        renewing = rotation._renew

        async def erased(*of: Any) -> int:
            await connection.execute("delete from filing_key where filing_id = $1", filings[1])
            return await renewing(*of)

        monkeypatch.setattr(rotation, "_renew", erased)
        assert (await rotate(world.owner_dsn, masters, lambda *_: None)).rotated == 2
        left = await connection.fetch("select filing_id from filing_key order by filing_id")
        assert [row["filing_id"] for row in left] == [filings[0], filings[2]]


async def test_one_at_a_time_and_only_the_owner(world: World) -> None:
    async with world.connection() as connection:
        await connection.execute("select pg_advisory_lock(hashtext('motcua keys rotate'))")
        with pytest.raises(WorkRefusedError, match="another command"):
            await rotate(world.owner_dsn, world.settings.master, lambda *_: None)
    await keyed(world)
    changed = MasterKeys(master_keys(NEW).current, world.settings.master.current)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rotate(world.app_dsn, changed, lambda *_: None)


async def test_every_table_of_wrapped_keys_is_gone_through(world: World) -> None:
    rows = await world.fetch("select table_name from information_schema.columns where column_name = 'wrapped'")
    assert {row["table_name"] for row in rows} == {"filing_key", "index_key", "draft"}
