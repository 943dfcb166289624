"""The doctor on what passes Temporal: off, on, open to what is not sealed, and short of a key."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Final

import pytest

from activities.keys.master_key import MasterKey
from motcua.payloads.key_ring import CODEC_KEYS
from operations.keys.rings import write_new
from recovery.codec_keys import announce
from schemas.ids import NUDGE
from tests.acting import Doubtful, Play, birth, eventually
from tests.conftest import World
from tests.integration.operations.doctor import NOBODY, Doctor, Told
from tests.sealed import KEYS, ring, sealed, written
from tests.shell import Shell
from tests.walking import walked


@pytest.fixture
def doctor(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.chdir(tmp_path)  # beside no running stack
    monkeypatch.setenv("COLUMNS", "200")
    return Doctor(world.process_env)


AWAY: Final = {"TEMPORAL_ADDRESS": "temporal.example.invalid:7233"}
SEALED: Final = {CODEC_KEYS: written("one")}
OPENED: Final = {CODEC_KEYS: written(None, "one", plain=True)}
READABLE: Final = "Temporal is elsewhere: whoever reads the namespace reads every filing"


@walked(
    ("settings", "health", "says"),
    [
        ({}, "ok", "off; Temporal is on this machine, readable"),
        ({"TEMPORAL_ADDRESS": NOBODY}, "ok", "off; Temporal is on this machine, readable"),
        (AWAY, "fail", f"off, and {READABLE}"),
        (AWAY | SEALED, "ok", "sealed by one; also opened: –"),
        (OPENED, "ok", "opened, but nothing is sealed yet; Temporal is on this machine, readable"),
        (AWAY | OPENED, "fail", READABLE),
        ({"TEMPORAL_ADDRESS": None, "TEMPORAL_CONFIG_FILE": "/", "TEMPORAL_PROFILE": "none"}, "fail", ""),
    ],
    exactly=7,
)
async def test_the_codec_is_off_where_temporal_is_here_and_must_not_be_elsewhere(
    doctor: Doctor, settings: dict[str, str | None], health: str, says: str
) -> None:
    [(found, words)] = (await doctor(**settings)).of("codec")
    assert (found, says in words) == (health, True), words


async def test_a_ring_is_looked_at_and_no_key_is_told(doctor: Doctor, tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    write_new(file, written("one", "two", plain=True))
    told = await doctor(MOTCUA_CODEC_KEYS=str(file))
    assert told.of("codec") == [("warn", "sealed by one; also opened: two; what is not sealed is taken as well")]
    assert KEYS["one"] not in told.text
    file.chmod(0o644)
    told = await doctor(MOTCUA_CODEC_KEYS=str(file))
    assert "codec" in told.failed
    assert "can be read by others" in told.of("codec")[0][1]
    inline = await doctor(MOTCUA_CODEC_KEYS=written("one"))
    assert KEYS["one"] not in inline.text
    bad = await doctor(MOTCUA_CODEC_KEYS=str(tmp_path / "none.json"))
    assert "codec" in bad.failed
    assert "FileNotFoundError" in bad.of("codec")[0][1]


async def test_the_ring_is_compared_with_that_of_the_workers(world: World, doctor: Doctor) -> None:
    assert (await doctor()).of("codec_record") == [("ok", "the same as that of the workers")]
    async with world.connection(world.app_dsn) as connection:
        await announce(connection, ring("one"))
    assert (await doctor(MOTCUA_CODEC_KEYS=written("one"))).of("codec_record")[0][0] == "ok"
    for other in ("", written("two"), written("two", "one")):
        assert "codec_record" in (await doctor(MOTCUA_CODEC_KEYS=other)).failed


async def test_a_key_that_is_missing_is_named(world: World, doctor: Doctor) -> None:
    before, without = await sealed(world, ring("one")), await sealed(world, ring("two"))
    async with before.platform(), before.back_office(Doubtful()):
        play = await Play.begin(before, birth())
    async with without.platform():
        await without.temporal.get_workflow_handle(f"filing:{play.filing}").signal(NUDGE)

        async def told() -> Told:
            return await doctor(MOTCUA_CODEC_KEYS=written("two"))

        found = await eventually(told, lambda said: "codec_keys" in said.failed, within=150)
    assert found.of("codec_keys") == [("fail", "1 workflows stand still: missing: one")]
    assert found.fix("codec_keys").startswith(f"put the key into {CODEC_KEYS}")


async def test_keys_are_listed_and_a_new_one_is_added_that_only_opens(tmp_path: Path) -> None:
    first, grown = tmp_path / "ring.json", tmp_path / "grown.json"
    shell = Shell({})
    write_new(first, written("one", queues={"agency.H01.12": ["three"]}))
    listed = await shell("keys", "list", "--json", MOTCUA_CODEC_KEYS=str(first))
    assert listed.json == {
        "keys": [
            {"key": "one", "current": True, "queue": None},
            {"key": "three", "current": True, "queue": "agency.H01.12"},
        ],
        "plain": False,
        "record": None,
    }
    master = b64encode(bytes(range(32))).decode()
    both = await shell("keys", "list", "--json", MOTCUA_CODEC_KEYS=str(first), MOTCUA_MASTER_KEY=master)
    assert both.json["record"] == MasterKey(bytes(range(32))).name
    assert master not in both.out
    added = await shell("keys", "add", first, grown)
    assert added.out == f"{grown}\n"
    lines = (await shell("keys", "list", MOTCUA_CODEC_KEYS=str(grown))).out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["one", "three"]
    assert [" ".join(line.split()[1:]) for line in lines] == [
        "Use Queue",
        "opens",
        "seals and opens",
        "seals and opens agency.H01.12",
    ]


async def test_no_ring_is_written_over_and_none_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    shell = Shell({})
    made = await shell("keys", "new", file)
    assert made.out == f"{file}\n"
    kept = file.read_text()
    assert (await shell("keys", "new")).code != 0
    for words in (("new", file), ("add", file, file)):
        again = await shell("keys", *words)
        assert again.code != 0
        assert "is there already" in again.err
        assert file.read_text() == kept
    assert (await shell("keys", "add", tmp_path / "none.json", tmp_path / "new.json")).code != 0
    assert not (tmp_path / "new.json").exists()
