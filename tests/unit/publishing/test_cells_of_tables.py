"""What the cells of a province's table say, as untidily as they are typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from time import process_time
from typing import Final

import pytest

from publishing.drafting.agency_cell import kinds_of
from publishing.drafting.cells import CellError, codes_of, folded, text_of
from publishing.drafting.columns import TITLES, Column, headings
from publishing.drafting.fee_cell import fee_of
from publishing.drafting.level_cell import level_of
from publishing.drafting.lists import papers_of, texts_of
from publishing.drafting.rows import words_between
from publishing.drafting.time_cell import time_of
from tests.walking import walked


@walked(
    ("cell", "limit", "unsettled"),
    [
        ("05 ngày làm việc", "5 working days", []),
        ("5 ngày", "5 calendar days", []),
        ("05 NGAY LAM VIEC", "5 working days", []),
        ("05 (năm) ngày làm việc", "5 working days", []),
        ("03 ngày làm việc kể từ ngày nhận đủ hồ sơ hợp lệ", "3 working days", []),
        ("Trong thời hạn 05 ngày làm việc", "5 working days", []),
        ("Không quá 10 ngày", "10 calendar days", []),
        ("30 ngày kể từ ngày 01 tháng 7 năm 2025", "30 calendar days", []),
        ("8 giờ làm việc", "8 working hours", []),
        ("Ngay trong ngày", "0 working days", []),
        ("Giải quyết ngay khi nhận hồ sơ", "0 working days", []),
        ("Trong ngày làm việc", "0 working days", []),
        ("5 working days", "5 working days", []),
        # what somebody has to look at
        ("24 giờ", "1 calendar days", ["hours_taken_as_days"]),
        ("48 giờ", "2 calendar days", ["hours_taken_as_days"]),
        ("7 ngày làm việc; trường hợp phải xác minh: 12 ngày", "7 working days", ["time_has_cases"]),
        ("10 ngày làm việc, trong đó: Sở 07 ngày làm việc; xã 03 ngày làm việc", "10 working days", ["time_has_cases"]),
        ("10 ngày làm việc (Sở 07 ngày, UBND tỉnh 03 ngày)", "10 working days", ["time_has_cases"]),
        ("Giải quyết ngay; trường hợp phức tạp: 3 ngày", "0 working days", ["time_has_cases"]),
        ("10 ngày kể từ tháng 5 năm 2025", "10 calendar days", ["time_has_conditions"]),
        ("10 ngày làm việc, riêng vùng núi lâu hơn", "10 working days", ["time_has_conditions"]),
    ],
    exactly=21,
)
def test_a_time_is_read(cell: str, limit: str, unsettled: list[str]) -> None:
    read = time_of(cell)
    assert (str(read.limit), read.cut_off, read.unsettled) == (limit, None, unsettled)


@pytest.mark.parametrize(
    "cell",
    [
        "7 ngày làm việc; trường hợp phải xác minh: 12 ngày làm việc",
        "7 ngày làm việc kể từ ngày nhận hồ sơ, trường hợp phải xác minh 12 ngày làm việc.",
        "- 7 ngày làm việc\n- Trường hợp phải xác minh: 12 ngày làm việc",
    ],
)
def test_the_time_of_another_case_is_read(cell: str) -> None:
    read = time_of(cell)
    assert (str(read.limit), read.unsettled) == ("7 working days", [])
    assert [(case.name.lower(), str(case.limit)) for case in read.cases] == [
        ("trường hợp phải xác minh", "12 working days")
    ]


def test_the_hour_after_which_a_filing_counts_as_of_the_next_day_is_no_limit() -> None:
    words = "Ngay trong ngày tiếp nhận hồ sơ; trường hợp nhận sau {} thì trả kết quả trong ngày làm việc tiếp theo"
    assert time_of(words.format("15 giờ")).cut_off == "15:00"
    assert time_of(words.format("15h30")).cut_off == "15:30"
    assert time_of(words.format("25 giờ")).cut_off is None


def test_a_bare_time_is_of_the_unit_of_its_heading() -> None:
    assert str(time_of("05", "ngày làm việc").limit) == "5 working days"


@walked(
    ("cell", "amounts"),
    [
        ("8.000 đồng/bản", [(8_000, "bản", {})]),
        ("8.000 đồng/01 bản", [(8_000, "bản", {})]),
        ("100.000đ", [(100_000, "", {})]),
        ("50,000 VNĐ", [(50_000, "", {})]),
        ("50.000 ₫", [(50_000, "", {})]),
        ("100 nghìn đồng", [(100_000, "", {})]),
        ("1,5 triệu đồng", [(1_500_000, "", {})]),
        ("1.000.000 đồng/phòng", [(1_000_000, "phòng", {})]),
        ("50.000 đồng/hồ sơ", [(50_000, "", {})]),
        ("Lệ phí đăng ký đầu tư: 100.000 đồng/lần", [(100_000, "", {})]),
        ("Cá nhân: 100.000 đồng\nTổ chức: 200.000 đồng", [(100_000, "", "person"), (200_000, "", "organisation")]),
        ("Phí thẩm định: 500.000 đồng; Lệ phí: 100.000 đồng", [(500_000, "", {}), (100_000, "", {})]),
    ],
    exactly=12,
)
def test_amounts_are_read(cell: str, amounts: list[tuple[int, str, object]]) -> None:
    fee = fee_of(cell)
    found = [(a.dong, a.per, a.when.get("applicant", a.when)) for a in fee.amounts]
    assert (found, fee.cases, fee.unsettled) == (amounts, False, [])


@walked(
    ("cell", "rules"),
    [
        *(
            (cell, [])
            for cell in ("Không", "không.", "Miễn phí", "Miễn lệ phí", "Không thu phí, lệ phí", "0", "0 đồng")
        ),
        ("", ["fee_not_said"]),
        ("Theo quy định của HĐND tỉnh", ["fee_elsewhere"]),
        ("Thông tư số 85/2019/TT-BTC", ["fee_elsewhere"]),
    ],
    exactly=10,
)
def test_what_is_free_and_what_the_table_does_not_say(cell: str, rules: list[str]) -> None:
    assert fee_of(cell) == ([], False, rules)
    assert fee_of(cell).is_open is bool(rules)


@pytest.mark.parametrize(
    ("cell", "conditions", "unsettled"),
    [
        ("20.000 đồng (nộp trực tiếp); 10.000 đồng (trực tuyến)", ["counter", "online"], ["fee_not_for_all"]),
        ("Trực tuyến 10.000 đồng, trực tiếp 20.000 đồng", ["online", "counter"], ["fee_not_for_all"]),
        ("Trực tuyến: 1.000 đồng; tại quầy: 2.000 đồng; bưu chính: 3.000 đồng", ["online", "counter", "post"], []),
        ("50.000 đồng/lần; miễn với hộ nghèo", [None], ["fee_has_more"]),
        ("50.000 đồng (giảm 50% khi nộp trực tuyến)", [None], ["fee_has_more"]),
    ],
)
def test_by_which_channel_an_amount_is_due(cell: str, conditions: list[str | None], unsettled: list[str]) -> None:
    fee = fee_of(cell)
    assert [amount.when.get("channel") for amount in fee.amounts] == conditions
    assert (fee.cases, fee.unsettled) == (False, unsettled)


@pytest.mark.parametrize(
    ("cell", "bounds"),
    [
        ("1.000.000 đồng/phòng, tối đa 6.000.000 đồng", {"maximum": 6_000_000}),
        ("1.000.000 đồng/phòng; tối đa 6.000.000 đồng/giấy phép", {"maximum": 6_000_000}),
        (
            "1.000.000 đồng/phòng, ít nhất 2 triệu đồng, không quá 6 triệu đồng",
            {"minimum": 2_000_000, "maximum": 6_000_000},
        ),
    ],
)
def test_units_have_a_most_and_a_least(cell: str, bounds: dict[str, int]) -> None:
    (amount,) = fee_of(cell).amounts
    assert (amount.dong, amount.per, amount.bounds) == (1_000_000, "phòng", bounds)


def test_amounts_of_named_cases_exclude_each_other() -> None:
    fee = fee_of("Từ 6 phòng trở lên: 12.000.000 đồng; Từ 1 đến 5 phòng: 6.000.000 đồng")
    assert [(amount.dong, amount.words) for amount in fee.amounts] == [
        (12_000_000, "Từ 6 phòng trở lên"),
        (6_000_000, "Từ 1 đến 5 phòng"),
    ]
    assert (fee.cases, fee.unsettled) == (True, ["fee_has_cases"])


def test_a_bare_amount_is_of_the_unit_of_its_heading() -> None:
    assert [amount.dong for amount in fee_of("8.000", "đồng").amounts] == [8_000]
    assert [amount.dong for amount in fee_of("8", "nghìn đồng").amounts] == [8_000]


@pytest.mark.parametrize(
    ("cell", "listed"),
    [
        ("- Tờ khai (bản chính)\n- Giấy chứng sinh (nếu có)", ["Tờ khai (bản chính)", "?Giấy chứng sinh (nếu có)"]),
        ("1. Tờ khai 2. Giấy chứng sinh 3. Ảnh", ["Tờ khai", "Giấy chứng sinh", "Ảnh"]),
        ("a) Đơn; b) Bản sao (có chứng thực; kèm bản chính)", ["Đơn", "Bản sao (có chứng thực; kèm bản chính)"]),
        ("Tờ khai; Hộ chiếu/thẻ căn cước;", ["Tờ khai", "Hộ chiếu/thẻ căn cước"]),
        ("* Giấy tờ phải nộp:\n+ Tờ khai theo Mẫu số 1.\n+ Ảnh", ["Tờ khai theo Mẫu số 1", "Ảnh"]),
        ("- Bản sao căn cước - bản chính để đối chiếu", ["Bản sao căn cước - bản chính để đối chiếu"]),
        ("- Tờ khai - Giấy chứng sinh", ["Tờ khai", "Giấy chứng sinh"]),
        ("Tờ khai (mẫu 1", ["Tờ khai (mẫu 1"]),
        ("Không", []),
    ],
)
def test_papers_are_read(cell: str, listed: list[str]) -> None:
    papers = papers_of(cell)
    assert [("" if paper.required else "?") + paper.name for paper in papers.listed] == listed
    assert (papers.sets, papers.unsettled) == (1, [])


@pytest.mark.parametrize("cell", ["", "Theo quy định tại Điều 5", "Xem Thông tư"])
def test_papers_that_the_table_does_not_list(cell: str) -> None:
    assert papers_of(cell) == ([], 1, ["papers_elsewhere"])


def test_how_many_sets_there_are_is_said_of_the_whole_dossier() -> None:
    papers = papers_of("a) Thành phần hồ sơ:\n- Đơn đề nghị\n- Bản vẽ\nb) Số lượng hồ sơ: 02 (hai) bộ.")
    assert papers == ([("Đơn đề nghị", True), ("Bản vẽ", True)], 2, [])
    papers = papers_of("Đơn đề nghị; 02 bộ bản vẽ; Ảnh (03 bộ); Thẻ cán bộ: 01 bộ")
    assert [paper.name for paper in papers.listed] == ["Đơn đề nghị", "bản vẽ", "Ảnh", "Thẻ cán bộ"]
    assert papers.unsettled == ["sets_of_paper_left_out"]


def test_legal_texts_are_read() -> None:
    cell = "Luật Hộ tịch 2014; NĐ 123/2015/NĐ-CP\n- TT 04/2020/TT-BTP."
    assert texts_of(cell) == ["Luật Hộ tịch 2014", "NĐ 123/2015/NĐ-CP", "TT 04/2020/TT-BTP"]
    assert texts_of("Không") == texts_of("") == []


@walked(
    ("cell", "kinds"),
    [
        ("UBND cấp xã", ["commune"]),
        ("Ủy ban nhân dân xã, phường, đặc khu", ["commune"]),
        ("Công an xã", ["commune_police"]),
        ("Công an thành phố Hà Nội", ["province_police"]),
        ("Sở Tư pháp hoặc UBND cấp xã", ["province_department", "commune"]),
        ("UBND tỉnh", ["province_department"]),
        ("Văn phòng đăng ký đất đai; Cơ quan thuế", ["land_office", "tax"]),
        ("Bảo hiểm xã hội tỉnh", ["social_insurance"]),
        ("Trung tâm Phục vụ hành chính công", ["one_stop_centre"]),
        ("Bộ Công an", ["ministry"]),
        ("Sở Tư pháp; Hội Nông dân", []),
        ("Cán bộ xã", []),
        ("Cơ sở khám bệnh", []),
    ],
    exactly=13,
)
def test_agencies_are_read(cell: str, kinds: list[str]) -> None:
    assert kinds_of(cell) == kinds


@pytest.mark.parametrize(
    ("cell", "level"),
    [("Toàn trình", 4), ("DVC trực tuyến một phần", 3), ("Mức độ 4", 4), ("mức 2", 2), ("3", 3), ("IV", 4), ("1", 1)],
)
def test_levels_are_read(cell: str, level: int) -> None:
    assert level_of(cell) == (level, False)


def test_what_gives_information_may_be_of_two_levels() -> None:
    assert level_of("Cung cấp thông tin trực tuyến") == (1, True)


def test_a_cell_is_said_as_it_is_seen() -> None:
    assert text_of(unicodedata.normalize("NFD", "Hộ  tịch\u00a0mới\u200b ")) == "Hộ tịch mới"
    assert text_of("một\r\n\r\n hai\tba\rbốn") == "một\nhai ba\nbốn"
    assert [text_of(cell) for cell in (None, 5, 5.0, 0.5)] == ["", "5", "5", "0.5"]


@walked(
    ("reader", "cell", "rule"),
    [
        (time_of, "05", "time_unreadable"),
        (fee_of, "8000", "amount_unclear"),
        (time_of, "không quy định", "time_unreadable"),
        (time_of, "nửa ngày", "time_unreadable"),
        (time_of, "0,5 ngày", "time_unreadable"),
        (time_of, "1.000 ngày", "time_unreadable"),
        (time_of, "Ngày 5", "time_unreadable"),
        (time_of, "Mẫu số 5 ngày 12/3/2025", "time_unreadable"),
        (time_of, "3-5 ngày", "time_is_range"),
        (time_of, "3 – 5 ngày làm việc", "time_is_range"),
        (time_of, "từ 5 đến 7 ngày làm việc", "time_is_range"),
        (time_of, "5 ngày đến 7 ngày", "time_is_range"),
        (time_of, "1 tháng", "time_unit"),
        (time_of, "2 tuần", "time_unit"),
        (time_of, "30 phút", "time_unit"),
        (time_of, "8 giờ", "hours_of_what"),
        (time_of, "0 giờ", "hours_of_what"),
        (fee_of, "abc", "fee_unreadable"),
        (fee_of, "0,5%", "fee_is_percentage"),
        (fee_of, "100k", "amount_unclear"),
        (fee_of, "8.00 đồng", "amount_unclear"),
        (fee_of, "1.000.00 đồng", "amount_unclear"),
        (fee_of, "15 USD", "amount_unclear"),
        (fee_of, "miễn 50.000 đồng", "amount_unclear"),
        (fee_of, "8.000 đồng hay 9.000 đồng", "amount_unclear"),
        (fee_of, "từ 100.000 đến 500.000 đồng", "amount_is_range"),
        (fee_of, "100.000 - 500.000 đồng", "amount_is_range"),
        (fee_of, "tối đa 6.000.000 đồng", "amount_is_range"),
        (fee_of, "50.000 đồng, tối đa 6.000.000 đồng", "amount_is_range"),
        (fee_of, "50.000 đồng; trực tuyến: 25.000 đồng", "amounts_without_cases"),
        (fee_of, "2.000 đồng/trang; 1.000 đồng/trang", "amounts_without_cases"),
        (fee_of, "Cấp lại: 2.000 đồng; cấp lại: 1.000 đồng", "amounts_without_cases"),
        (fee_of, "1,5 đồng", "amount_unclear"),
        (fee_of, "Cấp mới: 2 nghìn đồng; cấp lại: 1,2345 nghìn đồng", "amount_unclear"),
        (fee_of, "Trực tuyến: 1.000 đồng; cá nhân: 2.000 đồng", "amounts_without_cases"),
        (kinds_of, "UBND cấp huyện", "agency_abolished"),
        (kinds_of, "Sở Y tế; UBND quận Ba Đình", "agency_abolished"),
        (kinds_of, "Công an huyện", "agency_abolished"),
        (level_of, "5", "level_unreadable"),
        (level_of, "toàn trình/một phần", "level_unreadable"),
        (level_of, "trực tuyến", "level_unreadable"),
        (level_of, "13", "level_unreadable"),
        (text_of, date(2026, 5, 1), "cell_not_text"),
        (text_of, True, "cell_not_text"),
        (text_of, "#N/A", "cell_is_error"),
        (text_of, "a\x00", "unreadable_character"),
        (text_of, "\ud800", "unreadable_character"),
        (text_of, "\ue000", "unreadable_character"),
        (text_of, "a" * 10_001, "cell_too_long"),
    ],
    exactly=49,
)
def test_a_cell_that_is_not_read(reader: Callable[..., object], cell: object, rule: str) -> None:
    with pytest.raises(CellError) as error:
        reader(cell)
    assert error.value.rule == rule


def test_codes_are_made_of_words_and_differ() -> None:
    assert codes_of(["Tờ khai đăng ký kết hôn theo mẫu quy định"]) == ["to_khai_dang_ky_ket_hon_theo_mau_quy"]
    assert codes_of(["02 ảnh", "日本", "Ảnh", "ảnh!", "Ảnh 2", "anh"]) == [
        *("n_02_anh", "n", "anh", "anh_2", "anh_2_2", "anh_3")
    ]
    assert codes_of(["a" * 50, "a" * 60]) == ["a" * 40, "a" * 38 + "_2"]
    assert len(folded("İ ộ ﷺ đ")) == len("İ ộ ﷺ đ")


LONG: Final = ["1" * 10_000, "1(" * 5_000, "1." * 5_000, "1,1 đ" * 2_000, "a;" * 5_000, "(" * 10_000, "x và 1 " * 1_400]


@walked("cell", LONG, ids=lambda cell: cell[:7], exactly=7)
@walked("reader", [time_of, fee_of, papers_of, texts_of, kinds_of, level_of], exactly=6)
def test_the_longest_cell_is_read_at_once(cell: str, reader: Callable[[str], object]) -> None:
    began = process_time()
    with suppress(CellError):
        reader(cell)
    assert process_time() - began < 1
    codes_of(cell.split(";"))
    assert process_time() - began < 2


HEADED: Final = {
    Column.CODE: ["Mã thủ tục", "MÃ TTHC", "Ma so TTHC", "Mã hồ sơ TTHC", "Code"],
    Column.NAME: ["Tên thủ tục", "Tên TTHC", "Tên thủ tục hành chính", "Name"],
    Column.LEVEL: ["Mức độ", "Mức độ DVC trực tuyến", "Mức độ (toàn trình/một phần)", "level"],
    Column.AGENCY: ["Cơ quan thực hiện", "Cơ quan giải quyết", "Agency"],
    Column.TIME: ["Thời hạn giải quyết", "Thời gian giải quyết (ngày làm việc)", "THOI HAN", "Time limit"],
    Column.FEE: ["Phí, lệ phí", "Lệ phí", "Phí và lệ phí (đồng)", "phi le phi", "Fee"],
    Column.PAPERS: ["Thành phần hồ sơ", "Hồ sơ", "Giấy tờ phải nộp", "Papers"],
    Column.LEGAL_BASIS: ["Căn cứ pháp lý", "Can cu phap ly cua TTHC", "Legal basis"],
    Column.NAME_EN: ["Tên tiếng Anh", "Tên thủ tục (tiếng Anh)", "English name"],
    Column.RESULT: ["Kết quả", "Kết quả thực hiện TTHC"],
    Column.FIELD: ["Lĩnh vực"],
    Column.ORDINAL: ["STT", "TT"],
}


@walked(("column", "title"), [(column, title) for column in HEADED for title in HEADED[column]], exactly=40)
def test_a_column_is_found_by_its_usual_headings_in_any_order(column: Column, title: str) -> None:
    others = [words for other, words in TITLES.items() if other is not column]
    for form in ("NFC", "NFD"):
        found = headings([*others, "Ghi chú", unicodedata.normalize(form, title)])
        assert found is not None
        assert (found.places.get(column), found.unknown) == (len(others) + 1, ["Ghi chú"])
        assert set(TITLES) - {column} <= found.places.keys()


def test_headings_that_say_the_same_and_those_that_are_missing() -> None:
    found = headings(["Mã TTHC", "Tên TTHC", "Phí", "Lệ phí"])
    assert found is not None
    assert found.twice == ["Phí", "Lệ phí"]
    assert found.missing == ["Mức độ", "Cơ quan thực hiện", "Thời hạn giải quyết", "Thành phần hồ sơ", "Căn cứ pháp lý"]
    assert headings(["Mã TTHC", "Tên TTHC", "Ghi chú"]) is None


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([], ""),
        ([None, " "], ""),
        (["A. Cấp tỉnh"], "A. Cấp tỉnh"),
        (["I", "", "LĨNH VỰC HỘ TỊCH"], "I LĨNH VỰC HỘ TỊCH"),
        (["1", "LĨNH VỰC HỘ TỊCH"], "1 LĨNH VỰC HỘ TỊCH"),
        (["1", "1.001193"], None),
        (["1", "", "Đăng ký khai sinh", "4"], None),
        (["", "", "", "", "", "", "", "Tờ khai"], None),
    ],
)
def test_a_row_that_only_stands_between_others(cells: list[object], words: str | None) -> None:
    found = headings(["STT", *TITLES.values()])
    assert found is not None
    assert words_between(cells, found) == words
