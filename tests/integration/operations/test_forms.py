"""Blanks, forms to sign and forms out of the record, by the command."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from motcua import FileRef, filing_id, testing
from motcua.cli.attaching import with_papers
from publishing.authoring.procedures import publish
from schemas.files import file_key
from schemas.filing.submission import Submission, signed_digest
from tests.acting import Play, extract
from tests.conftest import World
from tests.faults.processes import Ended, motcua
from tests.unit.forms.dossiers import NAME, RESIDENCE, RESIDENCE_FILE


def words(file: Path) -> str:
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(file)).split())


async def test_forms_by_the_command(running: World, tmp_path: Path) -> None:
    await publish(running.owner_dsn, RESIDENCE_FILE)

    async def asked(*arguments: object, code: int = 0) -> Ended:
        ended = await motcua(running.process_env, "forms", *map(str, arguments), folder=tmp_path)
        assert ended.code == code, ended.err
        return ended

    async def prepared(submission: dict[str, Any], code: int = 0) -> dict[str, Any]:
        (tmp_path / "submission.json").write_text(json.dumps(submission), encoding="utf-8")
        ended = await asked("prepare", "submission.json", "--out", "form.pdf", "--json", code=code)
        told: dict[str, Any] = json.loads(ended.out)
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
    told = json.loads((await asked("prepare", "submission.json", *options)).out)
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
    strange = await prepared(RESIDENCE | {"form": RESIDENCE["form"] | {"address": "Số 1 漢"}}, code=1)
    assert [(one["field"], one["rule"]) for one in strange["problems"]] == [("form.address", "unprintable")]
    unfit = await prepared(RESIDENCE | {"agency": 1}, code=1)
    assert [one["field"] for one in unfit["problems"]] == ["agency"]
    await asked("prepare", "no-such.json", "--out", "x.pdf", code=2)

    for name in ("blank.pdf", "again.pdf"):
        await asked("blank", "1.004222", "--out", name)
    assert (tmp_path / "blank.pdf").read_bytes() == (tmp_path / "again.pdf").read_bytes()
    other = json.loads((await asked("blank", "1.004222", "--form", "x", "--out", "x.pdf", "--json", code=1)).out)
    assert [(one["field"], one["rule"]) for one in other["problems"]] == [("form", "no_such_form")]
    await asked("blank", "9.999999", "--out", "x.pdf", code=3)
    await asked("blank", "1.004222", "--out", "no/such/folder.pdf", code=2)
    schema = json.loads((await asked("schema", "1.004222")).out)
    assert "dwelling" in schema["properties"]

    play = await Play.begin(running, extract())
    row = json.loads((await asked("print", str(play.code), "--out", "filing.pdf", "--json")).out)
    assert row["procedure"].startswith("2.000635@")
    assert str(play.code) in words(tmp_path / "filing.pdf")
    assert extract().applicant.name in words(tmp_path / "filing.pdf")
    await asked("print", "H01.12-20200101-0000001", "--out", "x.pdf", code=3)
    assert not (tmp_path / "x.pdf").exists()
