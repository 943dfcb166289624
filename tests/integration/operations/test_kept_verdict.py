"""A verdict is kept with the last signature: years later, when no certificate holds any more, it still speaks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from motcua.files.store import Store, open_store
from schemas.filing.state import Stage
from tests.acting import AGENCY, Play, extract
from tests.conftest import World
from tests.shell import Shell
from tests.workflow.results import set_up, signers
from views.registers.results import kept_verdict, of_filing

LATER = timedelta(days=6 * 365)


async def test_what_was_kept_with_the_last_signature_is_found_or_brought_along(
    running: World, trust: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await set_up(running, signers())
    play = await Play.begin(running, extract())
    await play.accept()
    await play.review()
    view = await play.at(Stage.CLOSED)
    assert view.result is not None
    Path("license.pdf").write_bytes(await Store(open_store(running.objects)).get(view.result))
    Path("root.pem").write_bytes((await trust.get("/root.pem")).content)
    async with running.connection() as connection:
        (result,) = await of_filing(connection, str(play.code))
        assert await kept_verdict(connection, result.number) is not None
        assert await kept_verdict(connection, f"{AGENCY}-2026-K9999999") is None

    now = datetime.now(UTC) + LATER
    (await trust.put("/clock", json={"now": now.isoformat()})).raise_for_status()
    platform = Shell(running.process_env)
    verify = ("result", "verify", "license.pdf", "--roots", "root.pem", "--at", now.isoformat(), "--json")
    assert (await platform("result", "proof", result.number, "--out", "proof.json")).code == 0
    assert (await platform("result", "proof", f"{AGENCY}-2026-K9999999", "--out", "other.json")).code == 3
    found = await platform(*verify)
    assert (found.code, found.json["signatures"], found.json["in_force"]) == (0, "valid", True)
    visitor = Shell(running.process_env | {"MOTCUA_OBJECTS": ""})
    assert (await visitor(*verify)).code == 3, "whoever has no way to the store must bring it along"
    offline = await visitor(*verify, "--offline", "--proof", "proof.json")
    assert (offline.code, offline.json["signatures"]) == (0, "valid")
    verdict = json.loads(Path("proof.json").read_text(encoding="utf-8"))["verdict"]
    assert (verdict["file"], verdict["outcome"]) == (view.result.sha256, "valid")
