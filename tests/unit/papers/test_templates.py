"""Templates of agencies: tested before publication, refused with the number of the faulty line, used for printing."""

from typing import Final

import pytest

from activities.printing import trial
from activities.printing.templates import printed, standard, version_of
from activities.printing.trial import Fault, Trial, faults, tried
from activities.results.stamp import fields
from publishing.authoring.paper_templates import check_template
from publishing.authoring.procedure_file import check_bytes
from rules.papers.result import ResultSource, result_samples, result_sheet
from rules.papers.samples import samples
from rules.papers.sheet import sheet
from rules.papers.sheets.made import plain
from schemas.backoffice import Dossier, IssueRequest
from schemas.filing.events import Outcome
from schemas.papers.sheet import Letterhead, Signatory
from schemas.papers.state import PaperKind
from schemas.people import Applicant
from schemas.publishing.procedure import Procedure
from schemas.result.state import SigningPlace
from tests.conftest import ROOT
from tests.printed import codes, pages, raw_text
from tests.unit.filing import lives
from tests.unit.papers.sources import AGENCIES, CODE, TRACKING, accepted
from tests.words.mistakes import mistakes_in

OURS = standard().replace("#law", "#text(fill: blue)[Phường Hồng Hà kính báo.]\n#law")
ENDLESS = "\n#for a in range(100000) { for b in range(100000) { } }"
BROKEN: dict[str, tuple[str, Fault]] = {
    "a word that there is not": (
        standard().replace("#law", "#lawless"),
        Fault("template_broken", 9, "unknown variable: lawless"),
    ),
    "a file that is not there": (standard() + '#image("x.png")', Fault("template_broken", 11, "file not found")),
    "a package": ('#import "@preview/cetz:0.4.0"\n' + standard(), Fault("template_reaches_out", 1)),
    "code that is only text": (standard() + '#eval("1")', Fault("template_reaches_out", 11)),
    "a letter that the font lacks": (standard() + "漢", Fault("template_unprintable")),
    "no QR code": (standard().replace("#codes", "#d.code"), Fault("template_without_code")),
    "no title": (standard().replace("#title", ""), Fault("template_loses", detail="Phiếu")),
}


@pytest.mark.parametrize("kind", PaperKind)
def test_the_standard_template_holds_for_every_paper(kind: PaperKind) -> None:
    assert tried(Trial(template=standard(), sheets=samples(kind))) == []


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_template_is_refused_with_its_line(why: str) -> None:
    template, fault = BROKEN[why]
    assert faults(Trial(template=template, sheets=samples(PaperKind.RECEIPT)))[0] == fault


def test_what_is_left_out_is_told_also_the_last_item_of_forty() -> None:
    (short, long) = faults(Trial(template=standard().replace("#body", ""), sheets=samples(PaperKind.SUPPLEMENT)))
    assert (short.rule, short.detail) == ("template_loses", "Lê Ý")
    assert long.detail.startswith("00 Số 45/6 ngõ 789")
    cut = '#for one in d.body { if "items" in one { one.items = one.items.slice(0, 39) }; (drawn.at(one.kind))(one) }'
    (fault,) = faults(Trial(template=standard().replace("#body", cut), sheets=samples(PaperKind.SUPPLEMENT)))
    assert (fault.rule, fault.detail[:9]) == ("template_loses", "39 Đặng Ẵ")


def test_a_template_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "PATIENCE", 5.0)
    assert faults(Trial(template=standard() + ENDLESS, sheets=samples(PaperKind.RECEIPT))) == [
        Fault("template_without_end")
    ]


def test_every_fault_has_words_and_is_seen_here() -> None:
    found = [check_template(template.encode(), PaperKind.RECEIPT)[0] for template, _ in BROKEN.values()]
    found += check_template(b"\xff", PaperKind.RECEIPT)
    assert {one.rule for one in found} == mistakes_in("template") - {"template_without_end"}
    assert (found[0].message.vi, found[0].line) == ("typst không dựng được mẫu này: unknown variable: lawless", 9)


def test_an_agency_prints_by_its_own_template() -> None:
    source = accepted().source("accepted")
    paper = sheet(PaperKind.RECEIPT, source)
    ours = printed(paper, source.cause.at, OURS)
    assert "Phường Hồng Hà kính báo." in raw_text(ours, "Mẫu số")
    assert ours == printed(paper, source.cause.at, OURS) != printed(paper, source.cause.at)
    assert codes(pages(ours)[0], 200)["QR Code"] == TRACKING.replace("{code}", CODE)
    assert version_of(OURS) != version_of() == version_of(standard())


FILE: Final = (ROOT / "procedures" / "1.004873@2026-12.2.yaml").read_text(encoding="utf-8")
FOOT: Final = "Mã hồ sơ: [^ ]+ Trang số"
NUMBER: Final = "H01.12-2026-K0000001"
BROKEN_RESULTS: Final = {
    "a field that there is not": ("d.values.status)", "d.values.state)", "template_broken", "d.values.state"),
    "what need not be filled in": (
        "#line([Người dự định kết hôn], d.values.future_spouse)",
        "#d.values.future_spouse.vi",
        "template_broken",
        "#d.values.future_spouse.vi",
    ),
    "no number": ("#strong(d.number)", "#strong[1]", "template_loses", None),
    "something from elsewhere": ("#show: paper", '#import "x.typ"', "template_reaches_out", '#import "x.typ"'),
}


def status() -> Procedure:
    found = check_bytes(FILE.encode()).procedure
    assert found is not None
    return found


def result(signer: Signatory | None = None, words: str | None = None, **changes: object) -> bytes:
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
    source = ResultSource(
        IssueRequest.model_validate(asked),
        of,
        issuer,
        "Lê Văn Đạt",
        plain("Q. CHỦ TỊCH"),
        signer,
        {},
        lives.START,
        TRACKING,
        words,
    )
    by_template = words is None and source.request.outcome is Outcome.APPROVED
    template = of.result.template if by_template else None
    return printed(result_sheet(source), lives.START, template)


@pytest.mark.parametrize("why", BROKEN_RESULTS)
def test_a_broken_template_of_a_file_is_refused_with_its_line(why: str) -> None:
    was, now, rule, at = BROKEN_RESULTS[why]
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
    assert "Q. CHỦ TỊCH" in said
    assert "Lê Văn Đạt" in said
    assert codes(pages(file)[0], 200)["QR Code"] == TRACKING.replace("{code}", CODE)


def test_the_same_result_has_the_same_bytes_and_without_a_number_shows_none() -> None:
    assert result() == result()
    assert "Số:" not in raw_text(result(), FOOT)


def test_a_result_in_words_is_set_as_a_document_of_the_agency() -> None:
    signer = Signatory(title=plain("TM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH"), how=plain("(ký số)"), name="Phạm Minh Đức")
    file = result(number=NUMBER, signer=signer, words="Hồ sơ đủ điều kiện.\nHai bản.")
    said = raw_text(file, FOOT)
    order = ("CỘNG HÒA", "Độc lập - Tự do", "GIẤY XÁC NHẬN", "Căn cứ: ", "Cấp cho: ", "Hồ sơ đủ điều kiện.", "Hai bản.")
    at = [said.index(part) for part in (*order, "TM. ỦY BAN NHÂN DÂN CHỦ TỊCH (ký số)", "Phạm Minh Đức")]
    assert at == sorted(at)
    assert f"Số: {NUMBER}" in said
    assert "ngày 25 tháng 11 năm 2026" in said
    assert "Nơi nhận: - Nguyễn Thị Ước; - Lưu: VT, hồ sơ." in said
    for unread in ("chưa đọc", "unconfirmed", "leader-1", lives.AGENCY + " "):
        assert unread not in said
    signature, seal = fields(file, [SigningPlace.SIGNATURE, SigningPlace.SEAL], "Phạm Minh Đức")
    assert signature.box is not None
    assert seal.box is not None
    page = pages(file)[0].get_textpage()
    assert signature.box[1] >= seal.box[3]
    for left, bottom, right, top in (signature.box, seal.box):
        assert page.get_text_bounded(left, bottom, right, top).strip() == "", "no stamp lies on a word"
    assert [one.box for one in fields(file, [SigningPlace.SEAL], "Another")] == [None]


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
        "commune": plain("00004"),
        "future_spouse": None,
        "former_address": plain("Ý"),
    }
    seen = {code: len(value.vi) for code, value in long.values.items() if value}
    assert seen == {"status": 21, "purpose": 17, "commune": 5, "future_spouse": 120, "former_address": 300}
