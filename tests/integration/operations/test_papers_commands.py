"""The control slip of a filing and the register of an agency, out of the record, by the command."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acting import Play, extract
from tests.conftest import World
from tests.faults.processes import Ended, motcua


async def asked(world: World, folder: Path, *arguments: str, code: int = 0) -> Ended:
    ended = await motcua(world.process_env, "papers", *arguments, folder=folder)
    assert ended.code == code, ended.err
    return ended


async def test_the_control_slip_by_the_command(running: World, tmp_path: Path) -> None:
    play = await Play.begin(running, extract())
    await play.withdraw()
    code = str(play.code)
    slip = json.loads((await asked(running, tmp_path, "control", code, "--json")).out)
    assert (slip["code"], slip["effort"]["visits"], slip["effort"]["baseline"]) == (code, 0, None)
    first, *others = slip["hands"]
    assert (first["holder"], first["subject"], first["done"][0]["kind"]) == ("applicant", None, "submitted")
    assert others[-1]["done"][-1]["kind"] == "withdrawn"
    assert others[-1]["until"] is not None
    applicant = extract().applicant
    told = await asked(running, tmp_path, "control", code)
    for shown in (json.dumps(slip, ensure_ascii=False), told.out):
        assert applicant.name not in shown
        assert applicant.subject not in shown
    assert "rút hồ sơ / withdrew it" in told.out
    assert "thủ tục chưa ghi mốc mức độ 1" in told.out
    await asked(running, tmp_path, "control", "H01.12-20200101-0000001", code=3)
