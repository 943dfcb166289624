"""The second place, as a folder and as any other store: written once, but for the newest checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from obstore.store import MemoryStore

from activities.checkpoints.place import CheckpointError, Fault, Within, add_same
from console.home import Home
from deploy.stack.checkpoints import checkpoints_of_stack
from recovery.checkpoint_store import SecondPlace
from rules.proof.note import Signer


@pytest.fixture(params=["folder", "store"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> SecondPlace:
    return SecondPlace.at(tmp_path.as_uri()) if request.param == "folder" else SecondPlace(MemoryStore())


async def test_nothing_is_overwritten(place: SecondPlace) -> None:
    log = Within(place, "1")
    assert await log.read("tile/0/000.p/3") is None
    assert await log.names("checkpoints") == []
    assert await log.add("tile/0/000.p/3", b"one")
    assert not await log.add("tile/0/000.p/3", b"two")
    assert await place.read("1/tile/0/000.p/3") == b"one"
    await add_same(log, "tile/0/000.p/3", b"one")
    with pytest.raises(CheckpointError) as refusal:
        await add_same(log, "tile/0/000.p/3", b"two")
    assert refusal.value.fault is Fault.OTHER_CONTENT
    for content in (b"first", b"second"):
        await log.replace("checkpoint", content)
        assert await log.read("checkpoint") == content
    for size in ("1", "256", "30"):
        await log.add(f"checkpoints/{size}", b"")
    assert sorted(await log.names("checkpoints")) == ["1", "256", "30"]


def test_a_stack_has_a_key_and_a_folder_of_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    told = checkpoints_of_stack(home, {})
    assert checkpoints_of_stack(home, {"MOTCUA_CHECKPOINTS": ""}) == told
    key = Path(told["MOTCUA_CHECKPOINT_KEY"])
    assert key.stat().st_mode & 0o777 == 0o600
    assert Signer.read(key.read_text()).verifier.name.startswith("localhost/")
    assert told["MOTCUA_CHECKPOINTS"] == (tmp_path / "checkpoints").as_uri()
    given = {"MOTCUA_CHECKPOINTS": "s3://elsewhere", "MOTCUA_CHECKPOINT_KEY": "log.key", "MOTCUA_WITNESSES": "policy"}
    told = checkpoints_of_stack(home, given | {"MOTCUA_OBJECTS": "file:///objects"})
    here = {name: str(Path(given[name]).resolve()) for name in ("MOTCUA_CHECKPOINT_KEY", "MOTCUA_WITNESSES")}
    assert told == given | here
