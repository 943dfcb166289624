"""Asking what another version of a procedure changes, and which open filings it would touch."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

from publishing.authoring.procedures import publish
from publishing.authoring.provinces import publish_province
from rules.time.working_time import VIETNAM
from tests.acting import Play, birth, extract
from tests.conftest import ROOT, World
from tests.faults.processes import Ended, motcua
from tests.provinces import overlay

FILE = ROOT / "procedures" / "2.000635@2026-12.yaml"

VALIDITY = b"validity: { valid_from: '2100-01-01', source: unconfirmed }\n"


def changed(folder: Path, version: str, amount: int) -> Path:
    file = folder / f"{version}.yaml"
    source = FILE.read_bytes().replace(b'version: "2026-12"', f'version: "{version}"'.encode())
    file.write_bytes(source.replace(b"amount: 8000", f"amount: {amount}".encode()))
    return file


async def test_only_what_would_be_otherwise_is_named(running: World, tmp_path: Path) -> None:
    await publish(running.owner_dsn, FILE)
    await Play.begin(running, birth())
    plays = [await Play.begin(running, extract(version="2026-12")) for _ in range(3)]
    await plays[2].withdraw()
    dearer, same = changed(tmp_path, "2027-01", 9000), changed(tmp_path, "2027-02", 8000)
    later = tmp_path / "later.yaml"
    later.write_bytes(same.read_bytes().replace(b"level: 4", VALIDITY + b"level: 4"))

    async def asked(*arguments: object) -> Ended:
        ended = await motcua(running.process_env, "procedures", *map(str, arguments), folder=tmp_path)
        assert ended.code == 0, ended.err
        return ended

    touching, harmless = json.loads((await asked("what-if", dearer, same, "--json")).out)
    (coming,) = json.loads((await asked("what-if", later, "--json")).out)
    told = (await asked("what-if", dearer, "--limit", 1)).out
    diff = json.loads((await asked("diff", "2.000635@2026-12", dearer, "--json")).out)
    shown = (await asked("diff", "2.000635@2026-12", "2.000635@2026-12-demo")).out

    assert [one["code"] for one in touching["touched"]] == sorted(play.code or "" for play in plays[:2])
    assert {key: touching[key] for key in ("procedure", "version", "open", "stay")} == {
        "procedure": "2.000635",
        "version": "2027-01",
        "open": 2,
        "stay": {"2026-12": 2},
    }
    (one, _) = touching["touched"]
    assert (one["fee"], one["fee_then"], one["stage"], one["problems"]) == (16_000, 18_000, "intake", [])
    assert (one["version"], one["agency"]) == ("2026-12", "H56.30")
    assert (harmless["open"], harmless["touched"]) == (2, [])
    assert (touching["days_until_in_force"], harmless["days_until_in_force"]) == (0, 0)
    assert coming["days_until_in_force"] == (date(2100, 1, 1) - datetime.now(VIETNAM).date()).days
    assert "16.000 đồng → 18.000 đồng" in told
    assert "1 / 2 (--limit)" in told
    assert [change["where"] for change in diff] == ["fee.items[extract].amount"]
    assert "limits.processing" in shown


async def test_the_agencies_of_a_province_are_asked_about_the_version_as_it_would_be_there(
    running: World, tmp_path: Path
) -> None:
    await publish(running.owner_dsn, FILE)
    plays = [await Play.begin(running, extract(version="2026-12", agency=agency)) for agency in ("H56.30", "H01.12")]
    await publish_province(running.owner_dsn, overlay("H01", "2027-01", 20_000))
    dearer = changed(tmp_path, "2027-01", 9000)

    ended = await motcua(running.process_env, "procedures", "what-if", str(dearer), "--json", folder=tmp_path)

    (answer,) = json.loads(ended.out)
    assert {one["code"]: (one["fee"], one["fee_then"]) for one in answer["touched"]} == {
        plays[0].code: (16_000, 18_000),
        plays[1].code: (16_000, 40_000),
    }


async def test_nobody_is_asked_about_a_file_with_mistakes(world: World, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(FILE.read_bytes().replace(b"level: 4", b"level: 9"))
    ended = await motcua(world.process_env, "procedures", "what-if", str(bad), "--json", folder=tmp_path)
    assert (ended.code, json.loads(ended.out)[0]["rule"]) == (1, "not_allowed_value")
    ended = await motcua(world.process_env, "procedures", "diff", "9.999999", str(FILE), folder=tmp_path)
    assert ended.code == 3
