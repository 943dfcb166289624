"""The control slip of a filing and the register of an agency, out of the record, by the command."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from openpyxl import load_workbook

from rules.time.working_time import VIETNAM
from schemas.people import Role
from tests.acting import Play, extract
from tests.conftest import World
from tests.faults.processes import Ended, motcua
from tests.printed import raw_text


async def asked(world: World, folder: Path, *arguments: str, code: int = 0) -> Ended:
    ended = await motcua(world.process_env, "papers", *arguments, folder=folder)
    assert ended.code == code, ended.err
    return ended


async def test_the_control_slip_by_the_command(running: World, tmp_path: Path) -> None:
    play = await Play.begin(running, extract())
    await play.accept()
    await play.withdraw()
    reception = play.officer(Role.RECEPTION).subject
    code = str(play.code)
    slip = json.loads((await asked(running, tmp_path, "control", code, "--json")).out)
    assert (slip["code"], slip["effort"]["visits"], slip["effort"]["baseline"]) == (code, 0, None)
    first, *others = slip["hands"]
    assert (first["holder"], first["subject"], first["done"][0]["kind"]) == ("applicant", None, "submitted")
    assert others[-1]["done"][-1]["kind"] == "withdrawn"
    assert others[-1]["until"] is not None
    [accepted] = [deed for hand in others for deed in hand["done"] if deed["kind"] == "accepted"]
    assert (accepted["subject"], set(slip["officers"])) == (reception, {reception})
    applicant = extract().applicant
    told = await asked(running, tmp_path, "control", code)
    for shown in (json.dumps(slip, ensure_ascii=False), told.out):
        assert applicant.name not in shown
        assert applicant.subject not in shown
    assert "rút hồ sơ" in told.out
    assert slip["officers"][reception] in told.out
    assert "thủ tục chưa ghi mốc mức độ 1" in told.out
    await asked(running, tmp_path, "control", "H01.12-20200101-0000001", code=3)


async def test_the_register_by_the_command(running: World, tmp_path: Path) -> None:
    withdrawn = await Play.begin(running, extract())
    await withdrawn.withdraw()
    erased = await Play.begin(running, extract(submission_id="erased"))
    async with running.connection() as superuser:
        await superuser.execute("delete from filing_key where filing_id = $1", erased.filing)
    agency, month = extract().agency, f"{datetime.now(VIETNAM):%Y-%m}"
    files = ("--pdf", "register.pdf", "--xlsx", "register.xlsx")
    told = json.loads((await asked(running, tmp_path, "register", agency, month, *files, "--json")).out)
    name = extract().applicant.name
    assert (told["agency"], told["period"]["name"], told["filings"]) == (agency, month, 2)
    assert [(line["n"], line["code"], line["applicant"], line["status"]) for line in told["lines"]] == [
        (1, withdrawn.code, name, 7),
        (2, erased.code, None, told["lines"][1]["status"]),
    ]
    assert told["lines"][0]["procedure_name"] == told["lines"][1]["procedure_name"]
    text = "".join(raw_text((tmp_path / "register.pdf").read_bytes(), "Trang số").split())
    for words in (str(withdrawn.code), str(erased.code), "đãxóadữliệucánhân"):
        assert words in text
    sheet = load_workbook(tmp_path / "register.xlsx").worksheets[0]
    assert [row[4].value for row in sheet.iter_rows(min_row=3)] == [name, "(đã xóa dữ liệu cá nhân)"]

    year = await asked(running, tmp_path, "register", agency, month[:4], "--xlsx", "year.xlsx")
    assert year.out.split()[-1] == "2"
    before = json.loads((await asked(running, tmp_path, "register", agency, "2020", "--json")).out)
    assert (before["filings"], before["lines"]) == (0, [])
    await asked(running, tmp_path, "register", "H99.99", month, "--json", code=3)
    await asked(running, tmp_path, "register", agency, "2026-13", "--json", code=2)
    await asked(running, tmp_path, "register", agency, month, code=2)
    await asked(running, tmp_path, "register", agency, month, "--pdf", "no/such/folder.pdf", code=2)
