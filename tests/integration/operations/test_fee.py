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
    assert {
        key: answer[key] for key in ("procedure", "version", "province", "at", "channel", "total", "phi", "le_phi")
    } == {
        "procedure": EXTRACT,
        "version": "2026-12",
        "province": None,
        "at": "2026-12-01",
        "channel": "online",
        "total": 24_000,
        "phi": 24_000,
        "le_phi": 0,
    }
    [line] = answer["lines"]
    assert (line["kind"], line["amount"], line["rule"]) == ("phi", 24_000, "extract")
    assert line["reason"]["vi"] == "8.000 đồng × 3 (“Số lượng bản sao”) = 24.000 đồng"
    assert "TT 281/2016" in line["source"]

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
    births = [
        await fee("1.001193", "--set", "child_birth_date=2026-12-20", "--at", day)
        for day in ("2027-02-18", "2027-03-01")
    ]
    assert [(one["total"], one["version"]) for one in births] == [(0, "2026-12"), (8000, "2027-03")]


async def test_what_is_missing_is_named_and_what_is_wrong_is_refused(fee: Asking) -> None:
    missing = await fee(EXTRACT, code=1)
    assert (missing["total"], missing["lines"]) == (None, [])
    assert [(one["field"], one["rule"]) for one in missing["missing"]] == [("copies", "field_required")]
    channel = await fee("1.004222", code=1)
    assert [one["field"] for one in channel["missing"]] == ["channel"]

    wrong = await fee(EXTRACT, "--set", "copies=0", "--set", "pages=1", "--set", "applicant.kind=dog", code=1)
    assert [(one["field"], one["rule"]) for one in wrong["problems"]] == [("applicant.kind", "not_a_choice")]
    wrong = await fee(EXTRACT, "--set", "copies=0", "--set", "pages=1", code=1)
    assert {(one["field"], one["rule"]) for one in wrong["problems"]} == {
        ("copies", "below_minimum"),
        ("pages", "unknown_field"),
    }
    twice = await fee(EXTRACT, "--set", "copies=1", "--set", "copies=2", code=2)
    assert [(one["field"], one["rule"]) for one in twice["problems"]] == [("copies", "field_given_twice")]
    for arguments, code in (
        (("fee", EXTRACT, "--set", "copies"), 2),
        (("fee", EXTRACT, "--province", "Hà Nội"), 2),
        (("fee", EXTRACT, "--at", "tomorrow"), 2),
        (("fee", EXTRACT, "--channel", "pigeon"), 2),
        (("fee", "9.999999"), 3),
        (("fee", f"{EXTRACT}@1999-01"), 3),
        (("fee", "no-such-file.yaml"), 3),
    ):
        assert (await fee.run(*arguments)).code == code, arguments


async def test_a_waiver_is_taken_off_and_says_who_approves_it_on_which_evidence(fee: Asking) -> None:
    given = ("1.004222", "--channel", "online", "--at", "2026-12-01")
    whole = await fee(*given)
    assert (whole["total"], [one["code"] for one in whole["waivers"]]) == (10_000, ["nq_66_22", "hardship"])
    answer = await fee(*given, "--waiver", "hardship")
    assert (answer["total"], answer["waived"], answer["lines"][0]["amount"]) == (0, 10_000, 0)
    assert {key: answer["waiver"][key] for key in ("code", "percent", "approver", "evidence")} == {
        "code": "hardship",
        "percent": 100,
        "approver": "reception",
        "evidence": "exemption_proof",
    }
    unsure = await fee(*given, "--waiver", "nq_66_22", code=1)
    assert [one["field"] for one in unsure["missing"]] == ["applicant.kind", "vneid_papers"]
    person = ("--set", "applicant.kind=person", "--set", "vneid_papers=5")
    assert (await fee(*given, "--waiver", "nq_66_22", *person))["total"] == 0
    ended = await fee("1.004222", "--channel", "online", "--at", "2027-03-01", "--waiver", "nq_66_22", code=1)
    assert [one["rule"] for one in ended["problems"]] == ["waiver_not_in_force"]


async def test_people_read_a_table_and_programs_the_inputs(fee: Asking) -> None:
    shown = await fee.run("fee", EXTRACT, "--set", "copies=3")
    assert "Total: 24,000 đồng" in shown.out
    assert "8,000 đồng × 3" in shown.out
    missing = await fee.run("fee", EXTRACT)
    assert (missing.code, "missing copies" in missing.out) == (1, True)

    listed = (await fee.run("procedures", "show", "1.004222", "--json")).json["inputs"]
    assert [(one["name"], one["type"], one["option"]) for one in listed] == [
        ("channel", "choice", "--channel"),
        ("applicant.kind", "choice", "--set applicant.kind"),
        ("vneid_papers", "integer", "--set vneid_papers"),
    ]
    inputs = (await fee.run("procedures", "show", EXTRACT, "--json")).json["inputs"]
    [copies] = [one for one in inputs if one["name"] == "copies"]
    assert {key: copies[key] for key in ("type", "required", "minimum", "maximum")} == {
        "type": "integer",
        "required": True,
        "minimum": 1,
        "maximum": 50,
    }
    file = PROCEDURES / f"{EXTRACT}@2026-12.yaml"
    assert (await fee(file, "--set", "copies=2"))["total"] == 16_000
    assert (await fee.run("fee", file, "--province", "H24")).code == 2
