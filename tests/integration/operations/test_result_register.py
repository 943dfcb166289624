"""`motcua result list`, `show`, `revoke` and `correct` against a real record."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.filing.state import Stage
from schemas.people import Role
from tests.acting import AGENCY, Play, eventually, extract
from tests.conftest import World
from tests.shell import Shell

WHY = ("--reason", "cấp sai đối tượng", "--law", "NĐ 123/2015 Đ70")


@pytest.fixture
def shell(running: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(running.process_env)


async def test_the_register_is_shown_and_what_is_done_with_it(running: World, shell: Shell) -> None:
    play = await Play.begin(running, extract())
    await play.accept()
    await play.review()
    await play.at(Stage.CLOSED)
    [one] = (await shell("result", "list", "--agency", AGENCY, "--json")).json
    number = one["number"]
    assert (one["state"], one["filing_id"], one["copies"]) == ("in_force", str(play.filing), 1)
    assert (await shell("result", "list", "--agency", "H01.12", "--json")).json == []
    shown = await shell("result", "show", number)
    assert "in force" in shown.out
    leader = f"leader:{play.officer(Role.LEADER).subject}@{AGENCY}"
    corrected = await shell("result", "correct", number, "--actor", leader, *WHY)
    assert corrected.code == 0
    found = await eventually(
        lambda: _listed(shell), lambda rows: [row["state"] for row in rows] == ["in_force", "replaced"]
    )
    assert found[0]["corrects"] == number
    newest = found[0]["number"]
    assert newest in (await shell("result", "list")).out
    assert (await shell("result", "revoke", newest, "--actor", leader, *WHY, "--json")).code == 0
    assert (await shell("result", "show", newest, "--json")).json["validity"] == "revoked"
    assert (await shell("result", "revoke", newest, "--actor", leader, *WHY)).code == 1
    assert (
        "the register of results has no number H01.12-2026-K9" in (await shell("result", "show", "H01.12-2026-K9")).err
    )


async def _listed(shell: Shell) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await shell("result", "list", "--json")).json
    return found
