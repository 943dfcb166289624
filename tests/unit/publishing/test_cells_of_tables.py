"""Tables read from files, and the meaning of the untidy cells of a province's table."""

import io
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from time import process_time
from typing import Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from publishing import importing as tables
from publishing.authoring.procedure_file import MistakesFoundError, check_bytes
from publishing.drafting.cells import CellError, codes_of, folded, papers_of, text_of, texts_of
from publishing.drafting.draft import draft_of
from publishing.drafting.fee_cell import fee_of
from publishing.drafting.rows import TITLES, Column, Facts, facts_of, headings, kinds_of, level_of, words_between
from publishing.drafting.time_cell import time_of
from publishing.importing import MAX_ROWS, MAX_TABLE_BYTES, Between, Drafted, Table, drafts, read_table
from rules.require import require
from rules.source import parse
from tests.walking import walked

from .provincial_table import AGENCIES, FEES, LEGAL, LEVELS, PAPERS_LISTED, TIMES


@walked(
    ("cell", "limit", "unsettled"),
    [
        ("Không quá 10 ngày", "10 calendar days", []),
        ("30 ngày kể từ ngày 01 tháng 7 năm 2025", "30 calendar days", []),
        ("8 giờ làm việc", "8 working hours", []),
        ("5 working days", "5 working days", []),
        # what somebody has to look at
        ("24 giờ", "1 calendar days", ["hours_taken_as_days"]),
        ("7 ngày làm việc; trường hợp phải xác minh: 12 ngày", "7 working days", ["time_has_cases"]),
        ("10 ngày làm việc, trong đó: Sở 07 ngày làm việc; xã 03 ngày làm việc", "10 working days", ["time_has_cases"]),
        ("10 ngày kể từ tháng 5 năm 2025", "10 calendar days", ["time_has_conditions"]),
    ],
    exactly=8,
)
def test_a_time_is_read(cell: str, limit: str, unsettled: list[str]) -> None:
    read = time_of(cell)
    assert (str(read.limit), read.cut_off, read.unsettled) == (limit, None, unsettled)


@pytest.mark.parametrize(
    "cell",
    [
        "7 ngày làm việc; trường hợp phải xác minh: 12 ngày làm việc",
        "7 ngày làm việc kể từ ngày nhận hồ sơ, trường hợp phải xác minh 12 ngày làm việc.",
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


@walked(
    ("cell", "amounts", "unsettled"),
    [
        ("100.000đ", [(100_000, "", None)], []),
        ("50,000 VNĐ", [(50_000, "", None)], []),
        ("100 nghìn đồng", [(100_000, "", None)], []),
        ("1,5 triệu đồng", [(1_500_000, "", None)], []),
        ("Lệ phí đăng ký đầu tư: 100.000 đồng/lần", [(100_000, "", None)], []),
        ("Cá nhân: 1.000 đồng\nTổ chức: 2.000 đồng", [(1_000, "", "person"), (2_000, "", "organisation")], []),
        (
            "20.000 đồng (nộp trực tiếp); 10.000 đồng (trực tuyến)",
            [(20_000, "", "counter"), (10_000, "", "online")],
            ["fee_not_for_all"],
        ),
        (
            "Trực tuyến: 1.000 đồng; tại quầy: 2.000 đồng; bưu chính: 3.000 đồng",
            [(1_000, "", "online"), (2_000, "", "counter"), (3_000, "", "post")],
            [],
        ),
        ("50.000 đồng/lần; miễn với hộ nghèo", [(50_000, "", None)], ["fee_has_more"]),
        ("50.000 đồng (giảm 50% khi nộp trực tuyến)", [(50_000, "", None)], ["fee_has_more"]),
        *((cell, [], []) for cell in ("không.", "Miễn lệ phí", "Không thu phí, lệ phí", "0", "0 đồng")),
        ("", [], ["fee_not_said"]),
        ("Theo quy định của HĐND tỉnh", [], ["fee_elsewhere"]),
        ("Thông tư số 85/2019/TT-BTC", [], ["fee_elsewhere"]),
    ],
    exactly=18,
)
def test_a_fee_is_read(cell: str, amounts: list[tuple[int, str, str | None]], unsettled: list[str]) -> None:
    fee = fee_of(cell)
    found = [(a.dong, a.per, a.when.get("applicant") or a.when.get("channel")) for a in fee.amounts]
    assert (found, fee.cases, fee.unsettled) == (amounts, False, unsettled)
    assert amounts or fee.is_open is bool(unsettled)


def test_units_have_a_most_and_a_least_and_named_cases_exclude_each_other() -> None:
    (amount,) = fee_of("1.000.000 đồng/phòng, ít nhất 2 triệu đồng, không quá 6 triệu đồng").amounts
    seen = (amount.dong, amount.per, amount.bounds)
    assert seen == (1_000_000, "phòng", {"minimum": 2_000_000, "maximum": 6_000_000})
    fee = fee_of("Từ 6 phòng trở lên: 12.000.000 đồng; Từ 1 đến 5 phòng: 6.000.000 đồng")
    assert [amount.words for amount in fee.amounts] == ["Từ 6 phòng trở lên", "Từ 1 đến 5 phòng"]
    assert (fee.cases, fee.unsettled) == (True, ["fee_has_cases"])
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


def test_sets_are_said_of_the_whole_dossier_and_legal_texts_are_read() -> None:
    papers = papers_of("a) Thành phần hồ sơ:\n- Đơn đề nghị\n- Bản vẽ\nb) Số lượng hồ sơ: 02 (hai) bộ.")
    assert papers == ([("Đơn đề nghị", True), ("Bản vẽ", True)], 2, [])
    papers = papers_of("Đơn đề nghị; 02 bộ bản vẽ; Ảnh (03 bộ); Thẻ cán bộ: 01 bộ")
    assert [paper.name for paper in papers.listed] == ["Đơn đề nghị", "bản vẽ", "Ảnh", "Thẻ cán bộ"]
    assert papers.unsettled == ["sets_of_paper_left_out"]
    cell = "Luật Hộ tịch 2014; NĐ 123/2015/NĐ-CP\n- TT 04/2020/TT-BTP."
    assert texts_of(cell) == ["Luật Hộ tịch 2014", "NĐ 123/2015/NĐ-CP", "TT 04/2020/TT-BTP"]
    assert texts_of("Không") == texts_of("") == []


@walked(
    ("cell", "kinds"),
    [
        ("Công an thành phố Hà Nội", ["province_police"]),
        ("UBND tỉnh", ["province_department"]),
        ("Trung tâm Phục vụ hành chính công", ["one_stop_centre"]),
        ("Sở Tư pháp; Hội Nông dân", []),
        ("Cơ sở khám bệnh", []),
    ],
    exactly=5,
)
def test_agencies_are_read(cell: str, kinds: list[str]) -> None:
    assert kinds_of(cell) == kinds


@pytest.mark.parametrize(
    ("cell", "level"),
    [("Toàn trình", 4), ("DVC trực tuyến một phần", 3), ("Mức độ 4", 4), ("mức 2", 2), ("3", 3), ("IV", 4), ("1", 1)],
)
def test_levels_are_read(cell: str, level: int) -> None:
    assert level_of(cell) == (level, False)


def test_a_cell_is_said_as_it_is_seen_and_codes_are_made_of_words() -> None:
    assert text_of(unicodedata.normalize("NFD", "Hộ  tịch\u00a0mới\u200b ")) == "Hộ tịch mới"
    assert text_of("một\r\n\r\n hai\tba\rbốn") == "một\nhai ba\nbốn"
    assert [text_of(cell) for cell in (None, 5, 5.0, 0.5)] == ["", "5", "5", "0.5"]
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
        found = require(headings([*others, "Ghi chú", unicodedata.normalize(form, title)]))
        assert (found.places.get(column), found.unknown) == (len(others) + 1, ["Ghi chú"])
        assert set(TITLES) - {column} <= found.places.keys()


def test_headings_that_say_the_same_and_those_that_are_missing() -> None:
    found = require(headings(["Mã TTHC", "Tên TTHC", "Phí", "Lệ phí"]))
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
    found = require(headings(["STT", *TITLES.values()]))
    assert words_between(cells, found) == words


TEXTS: Final = st.one_of(
    st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cc", "No"], exclude_characters="{}"), max_size=30),
    st.text(st.sampled_from("ađ1 .:;#-&*!|>'\"%@`[],?\\\n\t\u00a0\ufeff\u200b/()="), max_size=20),
    st.sampled_from(
        ["null", "true", "no", "~", "1.0", "2026-12-01", "0x1F", "1e3", "=1+1", "---", "...", "<<", "a: b"]
    ),
)
ANYTHING: Final = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(), st.dates(date(1900, 1, 1)))


def like(*cells: str) -> st.SearchStrategy[str]:
    """Returns a strategy for one of these cells, sometimes with random text before or after it."""
    good = st.sampled_from(cells)
    return good | st.builds("{}{}".format, good, TEXTS) | st.builds("{}{}".format, TEXTS, good)


FREE: Final = TEXTS.filter(str.strip)
ROWS: Final = st.tuples(
    st.sampled_from(["1.001193", "2.000635.000.00.00.H29"]),
    FREE,
    st.sampled_from(list(LEVELS)),
    like(*AGENCIES),
    like(*TIMES),
    like(*FEES),
    st.lists(FREE | st.sampled_from(list(PAPERS_LISTED)), max_size=4).map("\n".join),
    like(*LEGAL),
    TEXTS,
    TEXTS,
    ANYTHING,
)
COLUMNS: Final = headings([*TITLES.values(), "Tên tiếng Anh", "Kết quả", "Ghi chú"])


def became(cells: list[object]) -> Drafted | Between:
    assert COLUMNS is not None
    (drafted,) = drafts(Table(COLUMNS, [(2, cells)]), "bảng #1: a.csv")
    return drafted


@settings(deadline=None)
@given(ROWS)
def test_a_draft_is_a_procedure_that_yaml_reads_as_it_was_meant(cells: tuple[object, ...]) -> None:
    drafted = became(list(cells))
    assert isinstance(drafted, Drafted)
    if not drafted.mistakes:
        assert COLUMNS is not None
        facts = facts_of(cells, COLUMNS)
        assert isinstance(facts, Facts)
        meant = draft_of(facts, "bảng #1: a.csv, dòng 2")
        assert check_bytes(drafted.content).mistakes == []
        assert parse(drafted.content).value == yaml.safe_load(drafted.content) == meant


@settings(deadline=None)
@given(st.lists(ANYTHING, max_size=13))
def test_no_cell_whatever_can_break_it(cells: list[object]) -> None:
    drafted = became(cells)
    if isinstance(drafted, Drafted):
        assert bool(drafted.mistakes) != bool(drafted.content)


# Tables from the bytes of files: in every encoding they come in, and whatever else somebody sends.

WITH_HEAD: Final = list(TITLES.values())
ROW: Final = [
    *("1.001193", "Đăng ký khai sinh", "Toàn trình", "UBND cấp xã", "Ngay trong ngày", "Không"),
    *("Tờ khai", "Luật"),
]


def text(rows: list[list[str]], delimiter: str = ";") -> str:
    return "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def rules(data: bytes) -> list[tuple[int | None, str]]:
    with pytest.raises(MistakesFoundError) as refused:
        read_table(data)
    return [(entry.line, entry.rule) for entry in refused.value.mistakes]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_text_is_read_in_its_encoding_and_with_its_separator(encoding: str, delimiter: str) -> None:
    table = read_table(text([["Tỉnh Hà Nội"], WITH_HEAD, [], ROW], delimiter).encode(encoding))
    assert [(number, cells) for number, cells in table.rows if cells] == [(4, ROW)]
    assert list(table.headings.places) == list(TITLES)


def test_big_endian_and_lines_within_a_cell() -> None:
    papers = "Tờ khai\nẢnh; thẻ"
    table = read_table(b"\xfe\xff" + text([WITH_HEAD, [*ROW[:6], papers, ROW[7]]]).encode("utf-16-be"))
    assert [(number, table.headings.cell(Column.PAPERS, cells)) for number, cells in table.rows] == [(2, papers)]


def test_the_first_sheet_with_the_headings_is_read_wherever_it_begins() -> None:
    table = read_table(workbook([["Mục lục"]], [[], [None, *WITH_HEAD], [None, *ROW], [], [None, *ROW]], [WITH_HEAD]))
    assert [number for number, cells in table.rows if cells] == [3, 5]
    assert table.rows[0][1] == (None, *ROW)


def test_a_formula_is_its_value_and_is_never_worked_out() -> None:
    (_, cells), *_ = read_table(workbook([WITH_HEAD, ["=1+1", *ROW[1:]]])).rows
    assert cells[0] is None
    hostile = '=cmd|"/c calc"!A1'
    (_, cells), *_ = read_table(text([WITH_HEAD, [hostile.replace('"', '""'), *ROW[1:]]]).encode()).rows
    assert cells[0] == hostile


def test_a_file_in_no_encoding_and_an_open_quote_are_refused() -> None:
    assert rules(text([WITH_HEAD]).encode() + "\nHà Nội".encode("cp1258", "replace")) == [(2, "table_encoding")]
    assert rules(b"\xff\xfea") == [(1, "table_encoding")]
    assert rules((text([WITH_HEAD, ROW]) + '\r\n"1.001194;X').encode()) == [(3, "table_quotes")]


@pytest.mark.parametrize("data", [b"", b"\n\n", "chỉ có chữ".encode(), text([["a"]] * 20 + [WITH_HEAD]).encode()])
def test_without_headings_nothing_is_guessed(data: bytes) -> None:
    assert rules(data) == [(None, "table_without_headings")]


def test_a_table_may_have_so_many_rows_and_no_more() -> None:
    rows = [WITH_HEAD] + [["x"]] * MAX_ROWS
    assert len(read_table(text(rows).encode()).rows) == MAX_ROWS
    assert rules(text([*rows, ["x"]]).encode()) == [(None, "table_too_many_rows")]
    assert rules(b" " * (MAX_TABLE_BYTES + 1)) == [(None, "table_too_large")]


def test_a_cell_far_away_costs_nothing() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(WITH_HEAD)
    sheet.append(ROW)
    sheet["XFD1048576"] = "x"
    saved = io.BytesIO()
    book.save(saved)
    assert [number for number, cells in read_table(saved.getvalue()).rows if cells] == [2]


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    """Returns a workbook with some bytes of its first sheet replaced."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content.replace(old, new) if name.endswith("sheet1.xml") else content)
    return saved.getvalue()


def test_what_a_sheet_says_of_itself_is_not_believed() -> None:
    data = workbook([WITH_HEAD, ROW])
    small = patched(data, b'<dimension ref="A1:H2"', b'<dimension ref="A1:H1"')
    assert small != data
    assert read_table(small) == read_table(data)
    data = workbook([WITH_HEAD, ROW])
    declared = patched(data, b"<worksheet", b"<!DOCTYPE worksheet><worksheet")
    assert declared != data
    assert rules(declared) == [(None, "table_unreadable")]


def zipped(content: bytes, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return saved.getvalue()


ENTITIES: Final = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (lambda: zipped(b"x"), "table_unreadable"),
        (lambda: zipped(ENTITIES), "table_unreadable"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "table_unreadable"),
        (lambda: zipped(bytes(tables.MAX_UNPACKED + 1)), "table_unpacks_too_large"),
        (lambda: zipped(b"<c/>" * 1_500_001), "table_unpacks_too_large"),
    ],
)
def test_a_workbook_that_is_broken_locked_or_a_bomb_is_refused(data: Callable[[], bytes], rule: str) -> None:
    assert rules(data()) == [(None, rule)]


GOOD: Final = (text([WITH_HEAD, ROW]).encode(), text([WITH_HEAD, ROW]).encode("utf-16"), workbook([WITH_HEAD, ROW]))


@settings(deadline=None)
@given(
    st.binary() | st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 5_000), st.binary(max_size=4)), max_size=4)
)
def test_whatever_the_bytes_they_are_a_table_or_are_refused(data: bytes, changes: list[tuple[int, bytes]]) -> None:
    for place, other in changes:
        data = data[:place] + other + data[place + len(other) :]
    try:
        found = read_table(data).headings.missing
    except MistakesFoundError as refused:
        found = [] if refused.mistakes else ["why"]
    assert found == []
