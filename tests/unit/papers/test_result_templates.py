"""Templates of results: tried with their procedure, refused with their line in its file, and printed by."""

from __future__ import annotations

from typing import Final

import pytest

from activities.printing.printed import printed
from publishing.authoring.procedure_file import check_bytes
from publishing.commands.procedure_page import rows
from rules.papers.result import ResultSource, result_samples, result_sheet
from rules.papers.sheets.written import plain
from schemas.backoffice import Dossier, IssueRequest
from schemas.filing.events import Outcome
from schemas.papers.sheet import Letterhead
from schemas.people import Applicant
from schemas.publishing.procedure import Procedure
from tests.conftest import ROOT
from tests.printed import codes, pages, raw_text
from tests.unit.filing import lives
from tests.unit.papers.sources import AGENCIES, CODE, TRACKING

FILE: Final = (ROOT / "procedures" / "1.004873@2026-12.2.yaml").read_text(encoding="utf-8")
FOOT: Final = "Mã hồ sơ: [^ ]+ Trang số"
NUMBER: Final = "H01.12-2026-K0000001"
BROKEN: Final = {
    "a field that there is not": ("d.values.status)", "d.values.state)", "template_broken", "d.values.state"),
    "what need not be filled in": (
        "#line([Người dự định kết hôn], d.values.future_spouse)",
        "#d.values.future_spouse.vi",
        "template_broken",
        "#d.values.future_spouse.vi",
    ),
    "no number": ("#strong(d.number)", "#strong[1]", "template_loses", None),
    "no holder": ("#strong(breakable(d.holder.name))", "#strong[An]", "template_loses", None),
    "something from elsewhere": ("#show: paper", '#import "x.typ"', "template_reaches_out", '#import "x.typ"'),
}


def status() -> Procedure:
    found = check_bytes(FILE.encode()).procedure
    assert found is not None
    return found


def result(**changes: object) -> bytes:
    of = status()
    dossier = Dossier(
        filing_id="f6fae566-a33a-5e3d-be63-33acc1539c0f",
        code=CODE,
        agency=lives.AGENCY,
        procedure=of.code,
        version=of.version,
        level=4,
        applicant=Applicant(subject="a", name="Nguyễn Thị Ước", id_number="001085000001"),
        form={"status": "single", "purpose": "property", "former_address": "Thôn Đoài, xã Ỷ La"},
        papers=(),
    )
    asked = {"request_id": "issue:1", "dossier": dossier, "outcome": Outcome.APPROVED, "officer": "leader-1"} | changes
    issuer: Letterhead = AGENCIES[lives.AGENCY]
    source = ResultSource(IssueRequest.model_validate(asked), of, issuer, "Lê Văn Đạt", (), lives.START, TRACKING)
    template = of.result.template if source.request.outcome is Outcome.APPROVED else None
    return printed(result_sheet(source), lives.START, template)


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_template_is_refused_with_its_line_in_the_file(why: str) -> None:
    was, now, rule, at = BROKEN[why]
    changed = FILE.replace(was, now)
    first = check_bytes(changed.encode()).mistakes[0]
    assert changed != FILE
    assert (first.rule, first.path) == (rule, "result.template")
    above = next(n for n, line in enumerate(changed.splitlines(), 1) if "template: |" in line)
    lines = [n for n, line in enumerate(changed.splitlines(), 1) if at is not None and at in line]
    assert first.line == (lines[0] if lines else above)


def test_a_certificate_says_whose_it_is_and_what_was_filled_in_in_words() -> None:
    said = raw_text(file := result(number=NUMBER), FOOT)
    assert f"Số: {NUMBER}" in said
    assert "GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN" in said
    assert "Họ, chữ đệm, tên: Nguyễn Thị Ước" in said
    assert "Tình trạng hôn nhân: chưa kết hôn" in said
    assert "mục đích: giao dịch tài sản" in said
    assert "Người dự định kết hôn" not in said
    assert "Lê Văn Đạt" in said
    assert codes(pages(file)[0], 200)["QR Code"] == TRACKING.replace("{code}", CODE)


def test_the_same_result_has_the_same_bytes_and_without_a_number_shows_none() -> None:
    assert result() == result()
    assert "Số:" not in raw_text(result(), FOOT)


def test_a_refusal_is_printed_without_the_template() -> None:
    said = raw_text(result(outcome=Outcome.REFUSED, reason="đang có vợ"), FOOT)
    assert "THÔNG BÁO TỪ CHỐI GIẢI QUYẾT HỒ SƠ" in said
    assert "Lý do: đang có vợ" in said
    assert "xác nhận:" not in said


def test_a_template_is_tried_on_what_may_be_missing_and_on_the_longest_words() -> None:
    short, long = result_samples(status())

    assert short.values == {
        "status": plain("single").model_copy(update={"vi": "đã ly hôn", "en": "divorced"}),
        "purpose": plain("x").model_copy(update={"vi": "kết hôn", "en": "marriage"}),
        "future_spouse": None,
        "former_address": plain("Ý"),
    }
    assert {code: len(value.vi) for code, value in long.values.items() if value} == {
        "status": 21,
        "purpose": 17,
        "future_spouse": 120,
        "former_address": 300,
    }


def test_a_procedure_for_reading_tells_a_template_by_its_length_and_digest() -> None:
    shown = {row.where: row.what for row in rows(status())}
    assert "mẫu in kết quả: 25 dòng (SHA-256 " in shown["result"]
