"""`motcua fee` over what is published: which version, which province, which day; and its answers to programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from publishing.authoring.procedures import PROCEDURES, publish
from publishing.authoring.provinces import PROVINCES, publish_province
from tests.conftest import World
from tests.shell import Shell

EXTRACT: Final = "2.000635"
PERMIT: Final = "1.013225"
CARD: Final = "2.001195"


@pytest.fixture
async def fee(world: World) -> AsyncIterator[Asking]:
    """Over the whole catalogue and what the provinces have of their own, published."""
    connection = await asyncpg.connect(world.owner_dsn)
    await connection.execute("truncate procedure, province_overlay")
    for file in sorted(PROCEDURES.glob("*.yaml")):
        await publish(connection, file)
    for file in sorted(PROVINCES.glob("*.yaml")):
        await publish_province(connection, file.read_bytes())
    yield Asking(Shell({"MOTCUA_OWNER_DATABASE_URL": world.owner_dsn, "COLUMNS": "250"}))
    await connection.close()


class Asking:
    """Asks `motcua fee` for JSON."""

    def __init__(self, run: Shell) -> None:
        self.run = run

    async def __call__(self, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
        """The answer, if the command ends with this code."""
        ended = await self.run("fee", *arguments, "--json")
        assert ended.code == code, ended
        answer: dict[str, Any] = ended.json
        return answer


async def test_a_fee_is_told_by_province_day_channel_and_what_is_declared(fee: Asking) -> None:
    answer = await fee(EXTRACT, "--channel", "online", "--set", "copies=3", "--at", "2026-12-01")
    assert [answer[key] for key in ("version", "province", "at", "total")] == ["2026-12", None, "2026-12-01", 24_000]
    [line] = answer["lines"]
    assert line["reason"]["vi"] == "8.000 đồng × 3 (“Số lượng bản sao”) = 24.000 đồng"

    by_province = {
        province: await fee(PERMIT, "--province", province, "--at", "2026-12-01") for province in ("H01", "H24", "H56")
    }
    assert {province: (one["total"], one["version"], one["province"]) for province, one in by_province.items()} == {
        "H01": (75_000, "2026-12.H01.2026-12", "H01"),
        "H24": (50_000, "2026-12.H24.2026-12", "H24"),
        "H56": ((await fee(PERMIT, "--at", "2026-12-01"))["total"], "2026-12", None),
    }
    assert (await fee(f"{PERMIT}@2026-12", "--province", "H24"))["total"] == 50_000
    assert (await fee(f"{PERMIT}@2026-12.H24.2026-12"))["province"] == "H24"

    ends = [await fee(CARD, "--set", "request=exchange", "--at", day) for day in ("2026-12-31", "2027-01-01")]
    assert [(one["total"], one["lines"][0]["rule"]) for one in ends] == [
        (25_000, "exchange_half"),
        (50_000, "exchange"),
    ]


async def test_what_is_missing_is_named_and_what_is_wrong_is_refused(fee: Asking) -> None:
    missing = await fee(EXTRACT, code=1)
    assert [(one["field"], one["rule"]) for one in missing["missing"]] == [("copies", "field_required")]
    wrong = await fee(EXTRACT, "--set", "copies=0", "--set", "pages=1", code=1)
    assert {(one["field"], one["rule"]) for one in wrong["problems"]} == {
        ("copies", "below_minimum"),
        ("pages", "unknown_field"),
    }
    twice = await fee(EXTRACT, "--set", "copies=1", "--set", "copies=2", code=2)
    assert [(one["field"], one["rule"]) for one in twice["problems"]] == [("copies", "field_given_twice")]
    for arguments, code in (
        ((EXTRACT, "--set", "copies"), 2),
        ((EXTRACT, "--province", "Hà Nội"), 2),
        ((EXTRACT, "--at", "tomorrow"), 2),
        ((EXTRACT, "--channel", "pigeon"), 2),
        (("9.999999",), 3),
        (("no-such-file.yaml",), 3),
    ):
        assert (await fee.run("fee", *arguments)).code == code, arguments


async def test_people_read_a_table_and_programs_the_inputs(fee: Asking) -> None:
    shown = await fee.run("fee", EXTRACT, "--set", "copies=3")
    assert "Total: 24,000 đồng" in shown.out
    missing = await fee.run("fee", EXTRACT)
    assert (missing.code, "missing copies" in missing.out) == (1, True)
    listed = (await fee.run("procedures", "show", "1.004222", "--json")).json["inputs"]
    assert [one["option"] for one in listed] == ["--channel", "--set applicant.kind", "--set vneid_papers"]
    file = PROCEDURES / f"{EXTRACT}@2026-12.yaml"
    assert (await fee(file, "--set", "copies=2"))["total"] == 16_000
    assert (await fee.run("fee", file, "--province", "H24")).code == 2
    waiver = await fee("1.004222", "--channel", "online", "--at", "2026-12-01", "--waiver", "hardship")
    assert (waiver["total"], waiver["waived"], waiver["waiver"]["code"]) == (0, 10_000, "hardship")
