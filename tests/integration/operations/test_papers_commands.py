"""Control slip, register, forms and templates, made from the record by the `motcua` command."""

import hashlib
import json
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
import pytest
from openpyxl import load_workbook
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from activities.printing.templates import standard, template_of, version_of
from motcua import FileRef, filing_id, testing
from motcua.cli.attaching import with_papers
from publishing.authoring.paper_templates import Slot, publish_template
from publishing.authoring.procedures import publish
from rules.time.working_time import VIETNAM
from schemas.files import file_key
from schemas.filing.submission import Submission, signed_digest
from schemas.papers.state import PaperKind
from schemas.people import Role
from tests.acting import EXTRACT, Play, extract
from tests.conftest import World
from tests.integration.operations.templates import OURS
from tests.printed import raw_text
from tests.shell import Ended, Shell
from tests.unit.forms.dossiers import NAME, RESIDENCE, RESIDENCE_FILE

AGENCY = "H01.12"


async def done(shell: Shell, *words: str | Path, code: int = 0) -> Ended:
    ended = await shell(*words)
    assert ended.code == code, ended.err
    return ended


async def test_the_control_slip_by_the_command(running: World, shell: Shell) -> None:
    play = await Play.accepted(running, extract())
    await play.withdraw()
    reception = play.officer(Role.RECEPTION).subject
    code = str(play.code)
    slip = (await done(shell, "papers", "control", code, "--json")).json
    assert (slip["code"], slip["effort"]["visits"], slip["effort"]["baseline"]) == (code, 0, None)
    first, *others = slip["hands"]
    assert (first["holder"], first["subject"], first["done"][0]["kind"]) == ("applicant", None, "submitted")
    assert others[-1]["done"][-1]["kind"] == "withdrawn"
    assert others[-1]["until"] is not None
    [accepted] = [deed for hand in others for deed in hand["done"] if deed["kind"] == "accepted"]
    assert (accepted["subject"], set(slip["officers"])) == (reception, {reception})
    applicant = extract().applicant
    told = await done(shell, "papers", "control", code, "--lang", "vi")
    for shown in (json.dumps(slip, ensure_ascii=False), told.out):
        assert (applicant.name in shown, applicant.subject in shown) == (False, False)
    for words in ("rút hồ sơ", slip["officers"][reception], "thủ tục chưa ghi mốc so sánh ở mức độ 1"):
        assert words in told.out
    await done(shell, "papers", "control", "H01.12-20200101-0000001", code=3)


async def test_the_register_by_the_command(running: World, shell: Shell, tmp_path: Path) -> None:
    withdrawn = await Play.begin(running, extract())
    await withdrawn.withdraw()
    erased = await Play.begin(running, extract(submission_id="erased"))
    await running.execute("delete from filing_key where filing_id = $1", erased.filing)
    agency, month = extract().agency, f"{datetime.now(VIETNAM):%Y-%m}"
    files = ("--pdf", "register.pdf", "--xlsx", "register.xlsx")
    told = (await done(shell, "papers", "register", agency, month, *files, "--json")).json
    name = extract().applicant.name
    assert (told["agency"], told["period"]["name"], told["filings"]) == (agency, month, 2)
    seen = [(line["n"], line["code"], line["applicant"], line["status"]) for line in told["lines"]]
    assert seen == [(1, withdrawn.code, name, 7), (2, erased.code, None, told["lines"][1]["status"])]
    assert told["lines"][0]["procedure_name"] == told["lines"][1]["procedure_name"]
    text = "".join(raw_text((tmp_path / "register.pdf").read_bytes(), "Trang số").split())
    for words in (str(withdrawn.code), str(erased.code), "đãxóadữliệucánhân"):
        assert words in text
    sheet = load_workbook(tmp_path / "register.xlsx").worksheets[0]
    assert [row[4].value for row in sheet.iter_rows(min_row=3)] == [name, "(đã xóa dữ liệu cá nhân)"]

    assert (await done(shell, "papers", "register", agency, month[:4], "--xlsx", "year.xlsx")).out.split()[-1] == "2"
    before = (await done(shell, "papers", "register", agency, "2020", "--json")).json
    assert (before["filings"], before["lines"]) == (0, [])
    await done(shell, "papers", "register", "H99.99", month, "--json", code=3)
    for wrong in (("2026-13", "--json"), (month,), (month, "--pdf", "no/such/folder.pdf")):
        await done(shell, "papers", "register", agency, *wrong, code=2)


def words(file: Path) -> str:
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(file)).split())


async def test_forms_by_the_command(running: World, shell: Shell, tmp_path: Path) -> None:
    await publish(running.owner_dsn, RESIDENCE_FILE)

    async def prepared(submission: dict[str, Any], code: int = 0) -> dict[str, Any]:
        (tmp_path / "submission.json").write_text(json.dumps(submission), encoding="utf-8")
        ended = await done(shell, "forms", "prepare", "submission.json", "--out", "form.pdf", "--json", code=code)
        told: dict[str, Any] = ended.json
        assert NAME not in ended.out + ended.err
        return told

    form = await prepared(RESIDENCE)
    assert form["digest"] == signed_digest(Submission.model_validate(RESIDENCE), "declaration")
    assert (form["form"], form["procedure"]) == ("forms/1.004222/ct01.pdf", "1.004222@2026-12")
    assert form["sha256"] == hashlib.sha256((tmp_path / "form.pdf").read_bytes()).hexdigest()
    assert NAME in words(tmp_path / "form.pdf")
    signable = PdfFileReader(BytesIO((tmp_path / "form.pdf").read_bytes()))
    assert [name for name, *_ in enumerate_sig_fields(signable)] == ["Applicant"]

    lease = testing.page("A lease")
    (tmp_path / "lease.pdf").write_bytes(lease)
    options = ("--attach", "owner_consent=lease.pdf", "--out", "whole.pdf", "--json")
    told = (await done(shell, "forms", "prepare", "submission.json", *options)).json
    residence = Submission.model_validate(RESIDENCE)
    sha256 = hashlib.sha256(lease).hexdigest()
    key = file_key(filing_id(residence.client_id, residence.submission_id), sha256)
    file = FileRef(key=key, sha256=sha256, size=len(lease), name="lease.pdf")
    whole = residence.model_copy(update={"papers": with_papers(residence.papers, {"owner_consent": file})})
    assert told["digest"] == signed_digest(whole, "declaration") != form["digest"]

    lacking = await prepared(RESIDENCE | {"form": {"dwelling": "rented", "members": 99}}, code=1)
    assert {(one["field"], one["rule"]) for one in lacking["problems"]} == {
        ("form.members", "above_maximum"),
        ("form.owner_name", "field_required"),
        ("form.address", "field_required"),
    }
    await done(shell, "forms", "prepare", "no-such.json", "--out", "x.pdf", code=2)

    for name in ("blank.pdf", "again.pdf"):
        await done(shell, "forms", "blank", "1.004222", "--out", name)
    assert (tmp_path / "blank.pdf").read_bytes() == (tmp_path / "again.pdf").read_bytes()
    other = (await done(shell, "forms", "blank", "1.004222", "--form", "x", "--out", "x.pdf", "--json", code=1)).json
    assert [(one["field"], one["rule"]) for one in other["problems"]] == [("form", "no_such_form")]
    informing = (await done(shell, "forms", "blank", "2.002396", "--out", "x.pdf", "--json", code=1)).json
    assert [(one["field"], one["rule"]) for one in informing["problems"]] == [("procedure", "no_forms")]
    await done(shell, "forms", "blank", "9.999999", "--out", "x.pdf", code=3)
    await done(shell, "forms", "blank", "1.004222", "--out", "no/such/folder.pdf", code=2)
    assert "dwelling" in (await done(shell, "forms", "schema", "1.004222")).json["properties"]

    play = await Play.begin(running, extract())
    row = (await done(shell, "forms", "print", str(play.code), "--out", "filing.pdf", "--json")).json
    assert row["procedure"].startswith("2.000635@")
    assert str(play.code) in words(tmp_path / "filing.pdf")
    assert extract().applicant.name in words(tmp_path / "filing.pdf")
    await done(shell, "forms", "print", "H01.12-20200101-0000001", "--out", "x.pdf", code=3)
    assert not (tmp_path / "x.pdf").exists()


async def test_the_newest_of_the_procedure_comes_before_that_of_all(world: World) -> None:
    of_extracts = OURS.replace("Cảm ơn", "Xin cảm ơn")
    here = (world.owner_dsn, OURS.encode())
    assert not (await publish_template(*here, Slot(AGENCY, PaperKind.RECEIPT))).already
    assert (await publish_template(*here, Slot(AGENCY, PaperKind.RECEIPT))).already
    await publish_template(world.owner_dsn, of_extracts.encode(), Slot(AGENCY, PaperKind.RECEIPT, EXTRACT))
    async with world.connection(world.app_dsn) as connection:
        assert await template_of(connection, AGENCY, PaperKind.RECEIPT, EXTRACT) == of_extracts
        assert await template_of(connection, AGENCY, PaperKind.RECEIPT, "1.004222") == OURS
        assert await template_of(connection, AGENCY, PaperKind.REFUSAL, EXTRACT) is None
        assert await template_of(connection, "H56.30", PaperKind.RECEIPT, EXTRACT) is None
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from paper_template")


async def test_the_commands_of_templates_show_check_publish_and_list(shell: Shell, tmp_path: Path) -> None:
    ours, broken = tmp_path / "ours.typ", tmp_path / "broken.typ"
    ours.write_text(OURS, encoding="utf-8")
    broken.write_text(standard() + "#nothing", encoding="utf-8")
    assert (await shell("papers", "templates", "show", "receipt")).out == standard()
    assert (await shell("papers", "templates", "check", "receipt", ours)).code == 0
    refused = await shell("papers", "templates", "check", "receipt", broken, "--json")
    (found,) = refused.json
    assert (refused.code, found["rule"], found["line"]) == (1, "template_broken", 11)
    unpublished = await shell("papers", "templates", "publish", "receipt", broken, "--agency", AGENCY)
    assert (unpublished.code, "broken.typ:11" in unpublished.out + unpublished.err) == (1, True)
    assert (await shell("papers", "templates", "publish", "receipt", ours, "--agency", "H99.99")).code == 3
    assert (await shell("papers", "templates", "show", "receipt", "--agency", AGENCY)).code == 3
    published = await shell("papers", "templates", "publish", "receipt", ours, "--agency", AGENCY)
    assert (published.code, version_of(OURS) in published.out) == (0, True)
    assert (await shell("papers", "templates", "show", "receipt", "--agency", AGENCY)).out == OURS
    (row,) = (await shell("papers", "templates", "list", "--json")).json
    assert (row["agency"], row["paper"], row["procedure"], row["in_force"]) == (AGENCY, "receipt", "*", True)
    assert version_of(OURS)[:12] in (await shell("papers", "templates", "list")).out
