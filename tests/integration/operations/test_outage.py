"""A planned outage is announced once, and shown wherever a person may notice it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import httpx
import pytest
from fastapi import FastAPI

from gateway.pages import RETURNED, pages
from motcua.calls.outage import announced
from motcua.errors import SettingsError
from operations.doctor.check import Surroundings
from operations.doctor.outage import outage
from rules.time.working_time import VIETNAM
from tests.served import served
from tests.shell import Shell

UNREACHABLE: Final = ("show", "6f1c5d0e-0000-4000-8000-000000000000", "--patience", "0.1")
WORDS: Final = ("--vi", "Nâng cấp hệ thống", "--en", "Upgrade")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outage.json"


@pytest.fixture
def shell(file: Path) -> Shell:
    return Shell({"MOTCUA_OUTAGE": file.as_uri(), "TEMPORAL_ADDRESS": "127.0.0.1:1"})


def gateway_at(file: Path) -> FastAPI:
    app = FastAPI()
    app.include_router(pages(file.as_uri()))
    return app


def at(days: float) -> str:
    return (datetime.now(VIETNAM) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


async def checked(address: str) -> tuple[str, str]:
    [found] = await outage(Surroundings({"MOTCUA_OUTAGE": address}, {}, cast("Any", None)))
    return found.health.value, found.what.en


async def test_it_is_shown_by_the_doctor_the_gateway_and_commands_that_reach_nobody(file: Path, shell: Shell) -> None:
    async with served(gateway_at(file)) as gateway:
        users = f"{gateway}/outage"
        assert (await checked(users), await checked(file.as_uri())) == (("ok", "no outage is announced"),) * 2
        assert "Planned outage" not in (await shell(*UNREACHABLE)).err
        made = await shell("outage", "--from", at(1), "--until", at(1.5), *WORDS)
        assert (made.code, made.out.startswith("Planned outage from ")) == (0, True), made
        line = made.out.strip()
        assert line.endswith(": Upgrade")
        assert (await checked(users), await checked(file.as_uri())) == (("warn", line),) * 2
        for address in (users, file.as_uri()):
            away = await shell(*UNREACHABLE, MOTCUA_OUTAGE=address)
            assert (away.code, line in away.err.splitlines()) == (4, True), away
        async with httpx.AsyncClient(base_url=gateway) as client:
            told = await client.get("/outage")
            assert told.json() == (await shell("outage", "--json")).json == json.loads(file.read_bytes())
            page = (await client.get(RETURNED)).text
            assert (line in page.splitlines(), "Nâng cấp hệ thống" in page, "Thank you." in page) == (True,) * 3
            assert (await shell("outage", "--withdraw")).out == "no outage is announced\n"
            assert ((await client.get("/outage")).status_code, file.exists()) == (404, False)
            assert "Planned outage" not in (await client.get(RETURNED)).text


async def test_one_that_is_over_is_shown_nowhere(file: Path) -> None:
    now = datetime.now(UTC)
    over = {"begins": now - timedelta(days=2), "ends": now - timedelta(days=1)}
    file.write_text(
        json.dumps({name: when.isoformat() for name, when in over.items()} | {"words": {"vi": "a", "en": "b"}})
    )
    assert (await checked(file.as_uri()), announced(file.as_uri())) == (("ok", "no outage is announced"), None)


async def test_what_is_no_announcement_is_refused_or_reported(file: Path, shell: Shell) -> None:
    for options, words in (
        (("--from", at(1)), "--from, --until, --vi and --en"),
        (("--from", at(2), "--until", at(1), *WORDS), "must end after it begins"),
    ):
        refused = await shell("outage", *options)
        assert (refused.code, words in refused.err, file.exists()) == (2, True, False), refused
    elsewhere = await shell("outage", "--withdraw", MOTCUA_OUTAGE="http://127.0.0.1:1/outage")
    assert (elsewhere.code, "no address of a file" in elsewhere.err) == (2, True)
    assert (await shell("outage", MOTCUA_OUTAGE=None)).code == 2
    file.write_text("{}")
    for address in (file.as_uri(), "http://127.0.0.1:1/outage", "ftp://127.0.0.1/outage", "http://[::/outage"):
        health, words = await checked(address)
        assert (health, words.startswith("MOTCUA_OUTAGE ")) == ("fail", True)
        with pytest.raises(SettingsError):
            announced(address)
    async with served(gateway_at(file)) as gateway, httpx.AsyncClient(base_url=gateway) as client:
        assert ((await client.get("/outage")).status_code, (await client.get(RETURNED)).status_code) == (404, 200)
