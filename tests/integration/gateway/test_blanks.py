"""Files of blank forms from an HTTP door on a real platform, whose child processes print the forms."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from activities.ledger.authority.budgets import Budget
from gateway.door.public import blanks, by_hand
from operations.commands.documents.forms import make_blank
from publishing.authoring.procedures import publish
from schemas.publishing.procedure import Procedure
from tests.conftest import ROOT, World
from tests.doors import Entrance

COUNTRY: Final = "/v1/procedures"
FORMS: Final = f"{COUNTRY}/1.013833/forms/"
"""The address of the forms of one procedure, which has two: `TAX` and `LAND`."""
TAX, LAND = f"{FORMS}to-khai-thue", f"{FORMS}don-dang-ky"


def source(name: str) -> Path:
    return ROOT / "procedures" / f"{name}@2026-12.yaml"


@pytest.fixture
async def door(there: tuple[World, Entrance]) -> Entrance:
    """A door to four procedures: with two forms, with a form for no paper, at level 1, and for the demo."""
    world, opened = there
    for name in ("1.013833", "1.000656", "2.002396"):
        await publish(world.owner_dsn, source(name))
    await publish(world.owner_dsn, source("1.004222"), demo=True)
    return opened


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the forms that were printed, in order."""
    names, running, printing = list[str](), set[str](), blanks.printed

    async def counted(procedure: Procedure, key: str) -> bytes:
        assert not running, "one child at a time"
        running.add(key)
        made = await printing(procedure, key)
        running.remove(key)
        names.append(Path(key).stem)
        return made

    monkeypatch.setattr(blanks, "printed", counted)
    return names


async def test_a_blank_form_is_the_file_of_the_command(door: Entrance, tmp_path: Path) -> None:
    page = (await door.http.get(f"{COUNTRY}/1.013833")).json()
    address = {one["key"]: one["address"] for one in page["forms"]}
    assert {*address} == {paper["form"] for paper in page["papers"] if "form" in paper}
    key, out = "forms/1.013833/to-khai-thue.pdf", tmp_path / "form.pdf"
    made = await door.http.get(address[key])
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf"), made.text
    assert made.headers["content-disposition"] == 'inline; filename="1.013833-to-khai-thue.pdf"'
    assert made.headers["x-content-type-options"] == "nosniff"
    make_blank(str(source("1.013833")), target=out, key=key)
    assert made.content == out.read_bytes()
    assert made.content.startswith(b"%PDF")
    [alone] = (await door.http.get(f"{COUNTRY}/1.000656")).json()["forms"]
    assert alone == {"key": "forms/1.000656/to-khai.pdf", "address": f"{COUNTRY}/1.000656/forms/to-khai"}
    assert (await door.http.get(alone["address"])).content.startswith(b"%PDF")


async def test_a_form_that_the_client_has_is_not_sent_again(door: Entrance, printed: list[str]) -> None:
    first = await door.http.get(TAX)
    tag = first.headers["etag"]
    for had in (tag, f'"x", W/{tag}'):
        same = await door.http.get(TAX, headers={"if-none-match": had})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    other = await door.http.get(LAND, headers={"if-none-match": tag})
    assert (other.status_code, other.content == first.content) == (200, False)
    again = await door.http.get(TAX, headers={"if-none-match": other.headers["etag"]})
    assert (again.status_code, again.content) == (200, first.content)
    assert printed == ["to-khai-thue", "don-dang-ky"], "each once"


async def test_an_unknown_form_is_not_found_and_nothing_is_printed(door: Entrance, printed: list[str]) -> None:
    names = ("to-khai", "to-khai-thue.pdf", "TO-KHAI-THUE", "%00", "to-khai-thue%00", "%2e%2e", "a'b", "{code}")
    addresses = [f"{FORMS}{name}" for name in (*names, "--help", "%F0%9F%92%A9", "%ff", "%0d%0ax", "x" * 900)]
    others = ("9.999999/forms/to-khai", "1.013833%00/forms/to-khai-thue", "2.002396/forms/to-khai")
    addresses += [f"{COUNTRY}/{one}" for one in (*others, "1.004222/forms/ct01")]
    answers = [await door.http.get(one) for one in addresses]
    codes = [one.json()["code"] for one in answers]
    assert dict(zip(addresses, codes, strict=True)) == dict.fromkeys(addresses, "not_found")
    assert {one.status_code for one in answers} == {404}
    assert (await door.http.get(f"{FORMS}a%2Fb")).json()["code"] == "no_such_address"
    assert (await door.http.get(f"{COUNTRY}/2.002396")).json()["forms"] == [], "level 1"
    assert printed == []


async def test_requests_at_once_print_each_form_once_and_one_after_the_other(
    door: Entrance, printed: list[str]
) -> None:
    answers = await asyncio.gather(*map(door.http.get, (TAX, LAND, TAX, TAX)))
    assert [one.status_code for one in answers] == [200] * 4
    assert answers[0].content == answers[2].content == answers[3].content
    assert sorted(printed) == ["don-dang-ky", "to-khai-thue"]


async def test_the_memory_of_forms_is_bounded(
    door: Entrance, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await door.http.get(TAX)
    monkeypatch.setattr(blanks, "MOST_BYTES", len(first.content) + 1)
    for _ in range(2):
        await door.http.get(LAND)
    assert printed == ["to-khai-thue", "don-dang-ky"], "the newest is remembered"
    assert (await door.http.get(TAX)).content == first.content
    assert printed == ["to-khai-thue", "don-dang-ky", "to-khai-thue"], "the oldest is not"


async def test_a_child_that_takes_too_long_is_killed_and_one_that_fails_is_our_fault(
    door: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    children, start = list[asyncio.subprocess.Process](), asyncio.create_subprocess_exec

    async def started(*words: str, **how: Any) -> asyncio.subprocess.Process:
        children.append(await start(*words, **how))
        return children[-1]

    with monkeypatch.context() as changed:
        changed.setattr(asyncio, "create_subprocess_exec", started)
        changed.setattr(blanks, "PATIENCE", 0.3)
        changed.setattr(blanks, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(600)"))
        late, queued = await asyncio.gather(door.http.get(TAX), door.http.get(LAND))
        assert [(one.status_code, one.json()["code"]) for one in (late, queued)] == [(503, "unavailable")] * 2
        assert int(late.headers["retry-after"]) > 0
        assert [child.returncode for child in children] == [-9] * len(children)
        assert children
        changed.setattr(blanks, "PATIENCE", 60.0)
        changed.setattr(blanks, "_COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
        failed = await door.http.get(TAX)
        assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert (await door.http.get(TAX)).content.startswith(b"%PDF"), "the next request has its turn"


async def test_a_child_has_no_variable_of_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_MASTER_KEY", "secret")
    monkeypatch.setattr(blanks, "_COMMAND", (sys.executable, "-c", "import os; print([*os.environ])"))
    names = await blanks.laid_out_apart(b"", datetime(2026, 12, 1, tzinfo=UTC))
    assert names.startswith(b"[")
    assert b"MOTCUA" not in names


async def test_a_peer_spends_its_budget_on_forms(door: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_hand, "BUDGET", Budget(rate=0.001, most=5))
    answers = [await door.http.get(f"{FORMS}x") for _ in range(6)]
    assert [one.status_code for one in answers] == [404] * 5 + [429]
