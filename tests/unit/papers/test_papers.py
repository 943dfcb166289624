"""Official papers have all required content, legible and not cut off; printing again gives the same bytes."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types
import pytest
import typst

from activities.forms.printing import printed as printed_form
from activities.printing.templates import printed
from activities.printing.typesetter import FONTS, STANDARD, unclaimed
from activities.results.stamp import stamp
from benchmarks.documents.papers import as_json, run
from rules.amounts import in_words
from rules.causes import papers_of
from rules.papers.sheet import sheet
from rules.papers.sheets.handover import originals_held
from rules.papers.sheets.law import cited
from rules.papers.sheets.made import dated
from rules.require import require
from schemas.base import Text
from schemas.errors import RefusalError
from schemas.filing import events as ev
from schemas.level import Channel
from schemas.papers.sheet import Block, Listing, PaperSheet, Paragraph, Rows, Table, texts_of
from schemas.papers.state import PaperKind
from tests.printed import (
    Margins,
    codes,
    gap_of_foot,
    keywords,
    outside,
    overlapping,
    pages,
    printed_elsewhere,
    raw_text,
)
from tests.unit.filing import lives
from tests.unit.forms.dossiers import ADDRESS, MARKED, NAME
from tests.unit.forms.gallery import forty_rows
from tests.unit.papers import sources
from tests.unit.papers.sources import Filed

SOURCES = sources.paper_sources()
FOOT = r"(Mẫu số \d\d\s+)?Mã hồ sơ: \S+\s+Trang số"
MARGINS = {
    "a5": Margins(left=11.5, right=11.5, top=9, bottom=6),
    "a4": Margins(left=24.5, right=14.5, top=13, bottom=10),
}
STATED = (sources.LAW["legal_basis"],)
OWN = cited(sources.PLAIN.legal_basis)
ENDED = "Thông báo kết thúc giải quyết hồ sơ"
NOT_SUPPLIED = "Đã hết thời hạn nhưng hồ sơ chưa được bổ sung, hoàn thiện."
KEPT = "Thông báo về việc kết quả chưa có người nhận"
SUCCESSOR = (
    "Người nộp hồ sơ đã chết hoặc chấm dứt tồn tại, "
    "và không có người kế thừa nào tiếp tục thực hiện thủ tục theo quy định."
)
NINES = "chín trăm chín mươi chín"
SIZES = {"a5": (148, 210), "a4": (210, 297)}


def made(name: str) -> tuple[PaperSheet, bytes]:
    kind, source = SOURCES[name]
    found = sheet(kind, source)
    return found, printed(found, source.cause.at)


def rows(found: PaperSheet) -> dict[str, str]:
    """Returns the Vietnamese value beside each label."""
    return {row.label.vi: row.value.vi for block in found.body if isinstance(block, Rows) for row in block.rows}


@pytest.mark.parametrize("name", SOURCES)
def test_all_that_belongs_on_it_can_be_read_and_nothing_lies_on_something_else(name: str) -> None:
    found, file = made(name)
    said = raw_text(file, FOOT)
    for _, text in texts_of((found.body, found.law, found.dated, found.to or "")):
        assert " ".join(text.split()) in said
    assert all(label in said for label in rows(found))
    assert found.title.vi.upper() in said
    assert NAME in said
    for page in pages(file):
        assert not outside(page, MARGINS[found.size])
        assert not overlapping(page)
        assert [round(side * 25.4 / 72) for side in page.get_size()] == list(SIZES[found.size])


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("thành phố Hải Phòng", "Hải Phòng, ngày 25 tháng 11 năm 2026"),
        ("tỉnh Thanh Hóa", "Thanh Hóa, ngày 25 tháng 11 năm 2026"),
        ("thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh, ngày 25 tháng 11 năm 2026"),
        (None, "Ngày 25 tháng 11 năm 2026"),
    ],
)
def test_it_is_dated_from_the_province_as_the_law_writes_places(place: str | None, said: str) -> None:
    assert dated(datetime(2026, 11, 25, 3, tzinfo=UTC), None if place is None else Text(vi=place, en=place)).vi == said


def test_a_receipt_is_to_be_brought_only_where_the_result_is_fetched_and_lists_no_papers_if_there_are_none() -> None:
    _, fetched = SOURCES["receipt-counter"]
    _, sent = SOURCES["receipt"]
    for source, brought in ((fetched, True), (sent, False)):
        (last,) = (part for part in sheet(PaperKind.RECEIPT, source).body if isinstance(part, Paragraph))
        assert last.text.vi.startswith("Đề nghị ông (bà), tổ chức mang theo giấy này") is brought
    bare = replace(sent, filing=sent.filing.model_copy(update={"papers": ()}))
    assert not any(isinstance(part, Listing) for part in sheet(PaperKind.RECEIPT, bare).body)


@pytest.mark.parametrize("name", SOURCES)
def test_both_kinds_of_scanner_find_the_filing(name: str) -> None:
    found, file = made(name)
    bars = sources.WAYBILL if found.kind is PaperKind.LABEL else sources.CODE
    assert codes(pages(file)[0], 200) == {"QR Code": sources.TRACKING.replace("{code}", sources.CODE), "Code 128": bars}
    assert sources.CODE in raw_text(file, FOOT)
    assert pdfium.PdfDocument(file).get_metadata_value("Title").endswith(sources.CODE)


def test_a_paper_without_a_tracking_page_has_no_qr_code() -> None:
    found, _ = made("receipt")
    assert codes(pages(printed(found.model_copy(update={"tracking": None}), lives.START))[0], 200).keys() == {
        "Code 128"
    }
    kind, source = SOURCES["receipt"]
    assert sheet(kind, replace(source, tracking=None)).tracking is None


@pytest.mark.parametrize("size", ["a4", "a5"])
def test_the_foot_is_clear_of_marks_above_letters(size: str) -> None:
    found, _ = made("receipt")
    page = pages(printed(found.model_copy(update={"size": size, "form": "Ấ-Ể 1"}), lives.START))[0]
    assert gap_of_foot(page) > 0.3


@pytest.mark.parametrize(("agency", "dpi"), [("H01.12.34567.89", 200), ("H01.12.34567.89012.34567.89012.3456", 600)])
def test_a_longer_dossier_code_needs_a_better_scanner(agency: str, dpi: int) -> None:
    paper = sheet(PaperKind.RECEIPT, sources.accepted().source("accepted"))
    code = f"{agency}-20261127-0000001"
    (page, *_) = pages(printed(paper.model_copy(update={"code": code, "tracking": code}), lives.START))
    assert codes(page, dpi) == {"QR Code": code, "Code 128": code}
    assert codes(page, 200)["QR Code"] == code
    assert not outside(page, MARGINS["a5"])


def test_a_receipt_says_what_was_taken_in_and_when_the_result_will_be_there() -> None:
    found, _ = made("receipt-counter")
    assert rows(found) == {
        "Hồ sơ của": NAME,
        "Điện thoại": "0912 345 678",
        "Thư điện tử": "duong.nguyen@example.vn",
        "Nội dung yêu cầu giải quyết": "Đăng ký thường trú",
        "Địa chỉ": ADDRESS,
        "Số lượng hồ sơ (bộ)": "1",
        "Thời gian nhận hồ sơ": "10 giờ 00 phút, ngày 25 tháng 11 năm 2026",
        "Thời gian giải quyết theo quy định": "7 ngày làm việc",
        "Thời gian trả kết quả": "17 giờ 00 phút, ngày 04 tháng 12 năm 2026",
        "Đăng ký nhận kết quả": "tại Bộ phận Một cửa: Công an phường Hồng Hà",
        "Điện thoại Bộ phận Một cửa": sources.PHONES[lives.AGENCY],
        "Vào sổ theo dõi hồ sơ": "quyển tháng 11/2026, ngày 25, số thứ tự 0000001",
    }
    kind, source = SOURCES["receipt-counter"]
    nowhere = replace(source, filing=source.filing.model_copy(update={"address": None}))
    assert set(rows(sheet(kind, nowhere))["Địa chỉ"]) == {"…"}, "filled in by hand"
    assert found.dated.vi == "Hà Nội, ngày 25 tháng 11 năm 2026"
    assert [one.name for one in found.signatories] == [None, sources.OFFICERS["reception-1"]]


def test_a_notice_of_passing_on_names_the_new_agency_its_telephone_and_the_moment() -> None:
    kind, source = SOURCES["correction-passed-on"]
    found = sheet(kind, source)
    names = [sources.AGENCIES[agency].name.vi for agency in (lives.AGENCY, lives.DESK)]
    told = rows(found)
    assert [told["Cơ quan chuyển"], told["Cơ quan nhận và giải quyết tiếp hồ sơ"], found.issuer.name.vi] == [
        *names,
        names[1],
    ]
    assert told["Điện thoại Bộ phận Một cửa"] == sources.PHONES[lives.DESK]
    assert {"Chuyển lúc", "Lý do"} <= told.keys()
    assert [one.name for one in found.signatories] == [None], "it is no act of the new agency's officer"


def test_a_paper_that_sends_somebody_to_a_desk_has_the_telephone_of_that_desk() -> None:
    label, own, there = "Điện thoại Bộ phận Một cửa", sources.PHONES[lives.AGENCY], sources.PHONES[lives.DESK]
    found = {}
    for name, kind in (("receipt-counter", PaperKind.RECEIPT), ("supplement", PaperKind.SUPPLEMENT)):
        _, source = SOURCES[name]
        for desk in ("desk", "result_desk"):
            elsewhere = source.filing.model_copy(update={desk: lives.DESK})
            found[name, desk] = rows(sheet(kind, replace(source, filing=elsewhere)))[label]
        assert label not in rows(sheet(kind, replace(source, phones={})))
    assert found == {
        ("receipt-counter", "desk"): there,
        ("receipt-counter", "result_desk"): there,
        ("supplement", "desk"): there,
        ("supplement", "result_desk"): own,
    }


def test_every_missing_item_stands_on_the_request_with_its_note_and_the_law() -> None:
    source = sources.lacking_forty()
    found = sheet(PaperKind.SUPPLEMENT, source)
    file = printed(found, source.cause.at)
    assert [item.vi for block in found.body if isinstance(block, Listing) for item in block.items] == [
        f"{MARKED} {n:02}: thiếu bản số {n:02}" for n in range(40)
    ]
    said = raw_text(file, FOOT)
    assert all(f"{n + 1}. {MARKED} {n:02}: thiếu bản số {n:02}" in said for n in range(40))
    assert found.law == (sources.LAW["legal_basis"],)
    assert len(pages(file)) == 3
    assert all(f"{n} / 3" in page.get_textpage().get_text_range() for n, page in enumerate(pages(file), 1))


@pytest.mark.parametrize(
    ("kind", "title", "before", "after"),
    [
        ("reappointed", "Phiếu xin lỗi và hẹn lại ngày trả kết quả", "04 tháng 12", "15 tháng 12"),
        ("extended", "Thông báo gia hạn thời gian giải quyết hồ sơ", "04 tháng 12", "09 tháng 12"),
        ("apologised", "Phiếu xin lỗi do trả kết quả quá hạn", "04 tháng 12", "16 tháng 12"),
    ],
)
def test_an_apology_tells_both_appointments_and_why(kind: str, title: str, before: str, after: str | None) -> None:
    found = sheet(PaperKind.APOLOGY, sources.late(kind))
    said = rows(found)
    assert (found.title.vi, found.to) == (title, Text(vi=NAME, en=NAME))
    assert said["Lý do"] == sources.REASON
    assert before in said["Thời gian đã hẹn trả kết quả"]
    assert after in said["Hẹn lại thời gian trả kết quả"] if after else "Hẹn lại thời gian trả kết quả" not in said
    assert found.signatories[0].name == sources.OFFICERS["leader-1"]
    assert found.form == (None if kind == "extended" else "04"), "a lawful extension is no apology"
    first = next(part.text.vi for part in found.body if isinstance(part, Paragraph))
    assert ("sẽ không trả được" in first, "chưa trả được" in first) == (kind == "reappointed", kind == "apologised")


@pytest.mark.parametrize("name", ["apology", "stop", "stop-unfetched", "correction-resumed", "complaint_decision"])
def test_an_officer_signs_in_the_power_and_with_the_title_of_their_own(name: str) -> None:
    kind, source = SOURCES[name]
    assert [one.title for one in sheet(kind, source).signatories] == [sources.TITLES["leader-1"]]
    bare = sheet(kind, replace(source, titles={})).signatories
    assert [one.title.vi for one in bare] in ([["Thủ trưởng cơ quan"], ["Người thông báo"]])


def test_forms_are_in_vietnamese_alone_and_name_no_officer_or_agency_by_a_code() -> None:
    for name in SOURCES:
        found, file = made(name)
        said = raw_text(file, FOOT)
        assert found.title.en not in said
        without = said.replace(sources.CODE, "")
        assert not re.search(r"\b(reception|specialist|leader|handover|cashier)-1\b|\bH01\.\d\d\b(?!-2026)", without), (
            name
        )


@pytest.mark.parametrize(
    ("name", "title", "reason", "law", "signer"),
    [
        ("refusal", "Phiếu từ chối tiếp nhận giải quyết hồ sơ", sources.REASON, STATED, "reception"),
        ("stop", "Thông báo dừng giải quyết hồ sơ", sources.REASON, STATED, "leader"),
        ("stop-nothing-supplied", ENDED, NOT_SUPPLIED, ("Điều 15",), "reception"),
        ("stop-unpaid", ENDED, "Đã hết thời hạn nhưng phí, lệ phí chưa được nộp.", OWN, "reception"),
        ("stop-lapsed", ENDED, SUCCESSOR, OWN, "reception"),
        ("stop-withdrawn", "Thông báo về việc rút hồ sơ", sources.REASON, OWN, "specialist"),
        ("stop-unfetched", KEPT, "Đã hết thời hạn nhận kết quả nhưng chưa có người nhận.", OWN, "leader"),
        ("stop-unclaimed", KEPT, "Đã hết thời hạn nhưng phí, lệ phí chưa được nộp.", OWN, "leader"),
    ],
)
def test_each_ending_has_a_notice_with_reason_law_signer_and_the_way_to_complain(
    name: str, title: str, reason: str, law: tuple[str, ...], signer: str
) -> None:
    kind, source = SOURCES[name]
    found = sheet(kind, source)
    assert kind in papers_of(source.cause.event)
    assert (found.title.vi, rows(found)["Lý do"], found.law) == (title, reason, law)
    agency = sources.AGENCIES[lives.AGENCY].name.vi
    complaint = rows(found)["Quyền khiếu nại, khởi kiện"]
    assert complaint.startswith(
        f"Ông (bà), tổ chức có quyền khiếu nại đến người đứng đầu {agency} chậm nhất là hết ngày "
    )
    assert complaint.endswith(", hoặc khởi kiện vụ án hành chính tại Tòa án.")
    assert [one.name for one in found.signatories] == [sources.OFFICERS[f"{signer}-1"]]
    assert found.form == ("03" if name == "refusal" else None)


def test_a_notice_cites_the_law_of_the_limit_that_ran_out_if_it_was_read() -> None:
    kind, source = SOURCES["stop-unpaid"]
    fee = require(source.procedure.fee)
    read = fee.model_copy(update={"source": "NQ 1/2026 Đ2"})
    for law, stands in (("NQ 1/2026 Đ2", ("Nghị quyết 1/2026 Điều 2",)), ("NQ 1/2026 Đ2, unconfirmed", OWN)):
        of = source.procedure.model_copy(update={"fee": read.model_copy(update={"source": law})})
        assert sheet(kind, replace(source, procedure=of)).law == stands


@pytest.mark.parametrize(
    ("law", "stands"),
    [
        ("NĐ 61/2018/NĐ-CP, Đ17 k1b, Đ19–21", ("Nghị định 61/2018/NĐ-CP, Điều 17 khoản 1 điểm b, Điều 19–21",)),
        ("NQ 66.22/2026/NQ-CP, phụ lục (mã 1.007277)", ("Nghị quyết 66.22/2026/NQ-CP, phụ lục",)),
        ("TT 154/2025/TT-BTC, Số TT 2 (theo nguồn thứ cấp)", ("Thông tư 154/2025/TT-BTC, Số TT 2",)),
        ("TT 63/2023/TT-BTC, hết hiệu lực ngày 31/12/2025", ()),
    ],
)
def test_a_law_is_cited_spelled_out_without_notes_or_a_code_and_not_if_it_is_repealed(
    law: str, stands: tuple[str, ...]
) -> None:
    assert cited((law,)) == stands


def test_a_notice_that_sends_to_a_desk_has_its_telephone_and_a_result_that_waits_also_names_the_desk() -> None:
    label, desk = "Điện thoại Bộ phận Một cửa", sources.AGENCIES[lives.AGENCY].name.vi
    told = {name: rows(sheet(*SOURCES[name])) for name in ("stop-ceased", *WAITING)}
    assert {name: found[label] for name, found in told.items()} == dict.fromkeys(told, sources.PHONES[lives.AGENCY])
    assert {name: told[name]["Nơi nhận kết quả"] for name in WAITING} == dict.fromkeys(WAITING, desk)


WAITING = ("stop-unfetched", "stop-unclaimed", "correction-counter")


def test_a_row_of_a_table_stays_on_one_page_and_the_signatures_with_its_last_row() -> None:
    paper, _ = made("control")
    (table,) = (part for part in paper.body if isinstance(part, Table))
    for more in range(3, 20):
        words = [f"dòng {n} " + "của phiếu kiểm soát " * 8 + f"hết {n}" for n in range(more)]
        cells = ((*table.rows[0][:3], Text(vi=one, en=one), *table.rows[0][4:]) for one in words)
        body = (*paper.body[:-1], table.model_copy(update={"rows": tuple(cells)}))
        texts = [" ".join(page.get_textpage().get_text_range().split()) for page in pages(printed_of(paper, body))]
        assert all(any(f"dòng {n} " in text and f"hết {n}" in text for text in texts) for n in range(more)), more
        assert f"hết {more - 1}" in texts[-1], (more, "the page of the signatures")


def printed_of(paper: PaperSheet, body: tuple[Block, ...]) -> bytes:
    return printed(paper.model_copy(update={"body": body}), lives.START)


def test_a_suit_is_named_with_its_court_and_day_and_who_notes_a_death_signs_as_such() -> None:
    suit, (ceased, _) = sheet(*SOURCES["complaint_notice-suit"]), made("stop-ceased")
    assert rows(suit)["Ngày Tòa án thụ lý"] == "ngày 25 tháng 11 năm 2026"
    assert ceased.signatories[0].title.vi == "Người thông báo"


@pytest.mark.parametrize(
    ("name", "label", "until"),
    [
        ("correction-resumed", "Hẹn lại thời gian trả kết quả", "17 giờ 00 phút, ngày 10 tháng 12 năm 2026"),
        ("correction-dates", "Hẹn lại thời gian trả kết quả", "17 giờ 00 phút, ngày 08 tháng 12 năm 2026"),
        ("correction-case", "Hẹn lại thời gian trả kết quả", "17 giờ 00 phút, ngày 06 tháng 01 năm 2027"),
        ("correction-prolonged", "Tạm dừng đến", "17 giờ 00 phút, ngày 25 tháng 01 năm 2027"),
        ("correction-stayed", "Tạm đình chỉ đến", "17 giờ 00 phút, ngày 25 tháng 12 năm 2026"),
        ("correction-stay-over", "Hẹn lại thời gian trả kết quả", "17 giờ 00 phút, ngày 09 tháng 12 năm 2026"),
        ("correction-draft", "Hạn trả lời về dự thảo kết quả", "hết ngày 26 tháng 11 năm 2026"),
        ("correction-online", "Hạn xem kết quả", "hết ngày 03 tháng 12 năm 2026"),
        ("correction-counter", "Hạn nhận kết quả", "hết ngày 28 tháng 12 năm 2026"),
    ],
)
def test_each_first_and_each_new_date_is_told_by_a_paper(name: str, label: str, until: str) -> None:
    kind, source = SOURCES[name]
    assert kind in papers_of(source.cause.event)
    assert rows(sheet(kind, source))[label] == until


def test_a_touched_complainants_papers_name_them_and_nobody_else() -> None:
    touched = {"name": "Trần Thị Bé", "address": "2 Hàng Bài", "how": "che lối đi"}
    source = sources.complained(actor=lives.RECEPTION, touched=touched, document=lives.FILE)
    found = sheet(PaperKind.COMPLAINT, source)
    assert (found.to and found.to.vi, rows(found)["Địa chỉ"]) == ("Trần Thị Bé", "2 Hàng Bài")
    assert MARKED not in found.model_dump_json()


def test_a_suspension_says_until_when_and_what_for_and_an_end_neither() -> None:
    (suspended, _), (stopped, _) = made("stop-suspended"), made("stop")
    assert rows(suspended)["Tạm dừng đến"] == "17 giờ 00 phút, ngày 25 tháng 12 năm 2026"
    assert rows(suspended)["Tạm dừng để chờ"] == "bản án của tòa án"
    assert {"Tạm dừng đến", "Tạm dừng để chờ"}.isdisjoint(rows(stopped))
    seen = (suspended.title.vi, stopped.title.vi)
    assert seen == ("Thông báo tạm dừng giải quyết hồ sơ", "Thông báo dừng giải quyết hồ sơ")


def test_a_notice_of_a_fee_sums_up_and_says_it_in_words() -> None:
    (fee, file), (obligation, _) = made("fee"), made("fee-obligation")
    assert rows(fee)["Bằng chữ"] == "Mười nghìn đồng"
    assert "Tổng cộng 10.000 đồng" in raw_text(file, FOOT)
    assert rows(obligation)["Bằng chữ"] == "Năm triệu một trăm hai mươi mốt nghìn đồng"
    assert (rows(obligation)["Số thông báo"], rows(obligation)["Cơ quan ra thông báo"]) == ("34/TB-CCT", "Cơ quan thuế")


def test_a_receipt_says_who_has_paid_what_in_which_series_under_which_number() -> None:
    (charge, file), (fee, _) = made("charge_receipt"), made("fee_receipt")
    said = raw_text(file, FOOT)
    assert rows(charge) == {
        "Ký hiệu": "BLP-26",
        "Số biên lai": "H01.12-2026-BP0000002",
        "Người nộp tiền": NAME,
        "Nội dung yêu cầu giải quyết": "Đăng ký thường trú",
        "Bằng chữ": "Mười nghìn đồng",
        "Hình thức nộp": "tại Bộ phận Một cửa: tiền mặt",
        "Thời gian lập biên lai": "10 giờ 00 phút, ngày 25 tháng 11 năm 2026",
    }
    assert "Tổng cộng 10.000 đồng" in said
    assert "BIÊN LAI THU PHÍ" in said
    assert fee.title.vi == "Biên lai thu lệ phí"
    assert rows(fee)["Thay cho biên lai đã hủy, số"] == "H01.12-2026-BL0000001"


def test_a_post_form_says_who_sends_what_to_whom() -> None:
    (dossier, _), (result, _) = made("form"), made("form-result")
    assert rows(dossier)["Người nhận"] == "Công an phường Hồng Hà"
    assert [item.vi for block in dossier.body if isinstance(block, Listing) for item in block.items] == [
        "Tờ khai thay đổi thông tin cư trú (CT01) (bản giấy)",
        "Hợp đồng thuê, mượn hoặc văn bản đồng ý của chủ sở hữu chỗ ở (bản giấy)",
    ]
    assert (rows(result)["Bên gửi"], rows(result)["Địa chỉ"]) == ("Công an phường Hồng Hà", ADDRESS)
    assert [one.name for one in result.signatories] == [None, None, None]


def test_a_label_says_who_sends_what_to_whom_and_nothing_of_what_it_is_about() -> None:
    (found, file), (plain_one, _) = made("label-originals"), made("label")

    assert rows(found) == {
        "Bên gửi": "Trung tâm Phục vụ hành chính công thành phố Hà Nội",
        "Người nhận": NAME,
        "Điện thoại": "0912 345 678",
        "Địa chỉ": ADDRESS,
        "Mã bưu chính": "11308",
        "Kết quả số": "H01.12-2026-K0000001",
        "Số bản kết quả": "1",
        "Bản chính trả lại": "1",
        "Bên vận chuyển": "Doanh nghiệp cung ứng dịch vụ bưu chính công ích",
        "Lần gửi": "1",
        "Thu hộ khi phát": "25.000 đồng",
        "Hạn phát": "17 giờ 00 phút, ngày 01 tháng 12 năm 2026",
    }
    assert rows(plain_one)["Thu hộ khi phát"] == "không thu tiền"
    assert "Bản chính trả lại" not in rows(plain_one)
    outside_it, inside = (page.get_textpage().get_text_range() for page in pages(file))
    assert sources.WAYBILL in outside_it
    assert sources.CODE in outside_it
    assert "Hợp đồng thuê" not in outside_it
    assert "1. Hợp đồng thuê, mượn hoặc văn bản đồng ý của chủ sở hữu chỗ ở" in inside
    assert sources.PLAIN.name.vi not in outside_it + inside
    assert len(pages(made("label")[1])) == 1


@pytest.mark.parametrize(
    ("then", "held"),
    [
        (None, ("owner_consent",)),
        (ev.ParcelFailed(n=1, outcome=ev.ParcelOutcome.RETURNED), ("owner_consent",)),
        (ev.ParcelFailed(n=1, outcome=ev.ParcelOutcome.LOST), ()),
        (ev.HandedOver(channel=Channel.ONLINE), ("owner_consent",)),
        (ev.HandedOver(channel=Channel.COUNTER), ()),
    ],
)
def test_what_went_back_or_was_lost_goes_in_no_other(then: ev.Event | None, held: tuple[str, ...]) -> None:
    course = sources.sent(originals=True).course
    if then is not None:
        course += (replace(course[-1], event=then),)
    assert originals_held(course) == held


def test_a_control_slip_names_every_hand() -> None:
    _, file = made("control")
    said = raw_text(file, FOOT)
    assert all(
        sources.OFFICERS[f"{role}-1"].replace("  ", " ") in said for role in ("reception", "specialist", "leader")
    )
    assert "Đúng hạn" in said
    assert "1:30" in said


def test_an_act_of_the_applicant_is_not_an_officers_and_the_officer_who_answers_signs_what_follows_by_itself() -> None:
    withdrawn = sources.handled().do("withdraw", sources.OWNER, reason=sources.REASON).source("withdrawn")
    slip = sheet(PaperKind.CONTROL, withdrawn)
    (table,) = (part for part in slip.body if isinstance(part, Table))
    assert table.rows[-1][3].vi == "Rút hồ sơ (người nộp hồ sơ)"
    sent = sheet(PaperKind.CONTROL, sources.returned(by_parcel=True).source("parcel_requested"))
    (table,) = (part for part in sent.body if isinstance(part, Table))
    assert f"chịu trách nhiệm: {sources.OFFICERS['leader-1']}" in table.rows[-1][1].vi
    fee = sheet(PaperKind.FEE, sources.issued(sources.UNPAID_RESULT).source("fee_requested"))
    signed = [one.name for paper in (slip, fee) for one in paper.signatories]
    assert signed == [sources.OFFICERS["specialist-1"], sources.OFFICERS["leader-1"]]


def test_an_apology_for_a_late_intake_has_a_title_of_its_own() -> None:
    late = Filed(sources.PLAIN).until("2026-11-27 09:00").rung().do("apologise", lives.LEADER, reason=sources.REASON)
    assert sheet(PaperKind.APOLOGY, late.source("apologised")).title.vi == "Phiếu xin lỗi do chậm tiếp nhận hồ sơ"


def test_a_filing_that_has_not_come_so_far_has_no_such_paper() -> None:
    source = sources.accepted().source("accepted")
    for kind in (PaperKind.SUPPLEMENT, PaperKind.COMPLAINT):
        with pytest.raises(ValueError, match="a value is missing that must be there"):
            sheet(kind, source)


def test_the_same_paper_has_the_same_bytes_on_another_machine(tmp_path: Path) -> None:
    name = "control"
    found, file = made(name)
    at = SOURCES[name][1].cause.at
    assert printed_elsewhere(tmp_path, "activities.printing.templates", found, at, "America/Lima") == file
    assert b"/Lang(vi)" in file.replace(b" ", b"")


def test_a_salt_changes_the_digest_of_a_paper_and_nothing_that_is_read_on_it() -> None:
    kind, source = SOURCES["receipt"]
    found, plain = made("receipt")
    salted = [printed(found, source.cause.at, None, salt) for salt in ("ab" * 16, "cd" * 16)]
    assert len({plain, *salted}) == 3
    assert salted[0] == printed(sheet(kind, source), source.cause.at, None, "ab" * 16)
    assert [keywords(file) for file in (plain, *salted)] == [None, "ab" * 16, "cd" * 16]
    assert raw_text(plain, "$.") == raw_text(salted[0], "$.")


def test_what_the_font_lacks_is_refused_at_its_place_and_not_repeated() -> None:
    letter = "漢"
    source = sources.supplement_requested(("paper", "owner_consent")).source("supplement_requested")
    filing = source.filing
    assert filing.supplement is not None
    assert filing.applicant is not None
    items = tuple(item.model_copy(update={"note": letter}) for item in filing.supplement.items)
    strange = {
        "supplement": filing.supplement.model_copy(update={"items": items}),
        "applicant": filing.applicant.model_copy(update={"name": f"An {letter}"}),
    }
    source = replace(source, filing=filing.model_copy(update=strange))
    with pytest.raises(RefusalError) as refused:
        printed(sheet(PaperKind.SUPPLEMENT, source), source.cause.at)
    seen = [(one.field, one.rule) for one in refused.value.refusal.problems]
    assert seen == [("applicant.name", "unprintable"), ("body[1].items[0]", "unprintable")]
    assert letter not in str(refused.value)


@pytest.mark.parametrize(
    ("dong", "words"),
    [
        (0, "Không đồng"),
        (15, "Mười lăm đồng"),
        (21, "Hai mươi mốt đồng"),
        (24, "Hai mươi tư đồng"),
        (105, "Một trăm linh năm đồng"),
        (1_005, "Một nghìn không trăm linh năm đồng"),
        (1_000_005, "Một triệu không trăm linh năm đồng"),
        (21_004_000, "Hai mươi mốt triệu không trăm linh bốn nghìn đồng"),
        (1_000_000_001, "Một tỷ không trăm linh một đồng"),
        (999_999_999_999, f"{NINES.capitalize()} tỷ {NINES} triệu {NINES} nghìn {NINES} đồng"),
        (2_005_000_000_000, "Hai nghìn không trăm linh năm tỷ đồng"),
    ],
)
def test_amounts_are_written_in_words(dong: int, words: str) -> None:
    assert in_words(dong) == words


AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
CLAIMS = (b"pdfa", b"GTS_PDFA", b"pdfuaid")


FILES: dict[str, Callable[[], bytes]] = {
    "stamp": lambda: stamp("Lê Thị Ước", "Lãnh đạo", AT),
    "paper": lambda: printed(sheet(PaperKind.RECEIPT, sources.accepted().source("accepted")), AT),
    "form": lambda: printed_form(forty_rows(), AT),
}


@pytest.mark.parametrize("name", FILES)
def test_no_word_of_it_stands_anywhere(name: str) -> None:
    file = FILES[name]()
    assert not [claim for claim in CLAIMS if claim in file], name
    with pikepdf.open(BytesIO(file)) as pdf:
        assert "/OutputIntents" not in pdf.Root
        streams = [one.read_bytes() for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        assert not [claim for claim in CLAIMS for stream in streams if claim in stream]
        with pdf.open_metadata() as metadata:
            assert (metadata.pdfa_status, metadata["xmp:CreatorTool"][:5]) == ("", "Typst")


def test_nothing_else_is_touched_and_what_a_title_says_stays() -> None:
    """The title looks like a claim of PDF/A, and must not be changed."""
    title = "/OutputIntents 3 0 R /S/GTS_PDFA1 <pdfaid:part>2</pdfaid:part> endobj"
    source = f'#set document(title: "{title}", date: datetime(year: 2026, month: 11, day: 30))\n#title'
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    made = typst.Compiler(source.encode(), font_paths=fonts).compile(timestamp=AT, pdf_standards=STANDARD)
    assert isinstance(made, bytes)
    cleared = unclaimed(made)
    assert len(cleared) == len(made)
    with pikepdf.open(BytesIO(cleared)) as pdf, pdf.open_metadata() as metadata:
        assert str(pdf.docinfo["/Title"]) == metadata["dc:title"] == title
        assert metadata.pdfa_status == ""


# `python -m benchmarks papers`: it runs, makes different papers on both sides, and says what it has found.


def test_both_sides_are_measured_round_by_round_and_a_seal_by_itself() -> None:
    told: list[int] = []
    measured = asyncio.run(run(told.append, 4, 1))
    found = json.loads(as_json(measured))["papers"]
    assert (found["papers"], sum(told)) == (4, 2 * 4 + 1)
    assert all(len(side["wall"]) == len(side["cpu"]) == 4 for side in found["rounds"].values())
    assert min(found["by_wall"], found["by_cpu"], found["seal"]) > 0
    assert "4 receipts: rendered, hashed and stored" in str(measured)
