"""Tables from the bytes of files: in every encoding they come in, and whatever else somebody sends."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from publishing.drafting.columns import TITLES, Column
from publishing.importing import tables
from publishing.importing.tables import MAX_BYTES, MAX_ROWS, TableRefusedError, read_table

HEADED: Final = list(TITLES.values())
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
    with pytest.raises(TableRefusedError) as refused:
        read_table(data)
    return [(entry.line, entry.rule) for entry in refused.value.mistakes]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_text_is_read_in_its_encoding_and_with_its_separator(encoding: str, delimiter: str) -> None:
    table = read_table(text([["Tỉnh Hà Nội"], HEADED, [], ROW], delimiter).encode(encoding))
    assert [(number, cells) for number, cells in table.rows if cells] == [(4, ROW)]
    assert list(table.headings.places) == list(TITLES)


def test_big_endian_and_lines_within_a_cell() -> None:
    papers = "Tờ khai\nẢnh; thẻ"
    table = read_table(b"\xfe\xff" + text([HEADED, [*ROW[:6], papers, ROW[7]]]).encode("utf-16-be"))
    assert [(number, table.headings.cell(Column.PAPERS, cells)) for number, cells in table.rows] == [(2, papers)]


def test_the_first_sheet_with_the_headings_is_read_wherever_it_begins() -> None:
    table = read_table(workbook([["Mục lục"]], [[], [None, *HEADED], [None, *ROW], [], [None, *ROW]], [HEADED]))
    assert [number for number, cells in table.rows if cells] == [3, 5]
    assert table.rows[0][1] == (None, *ROW)


def test_a_formula_is_its_value_and_is_never_worked_out() -> None:
    (_, cells), *_ = read_table(workbook([HEADED, ["=1+1", *ROW[1:]]])).rows
    assert cells[0] is None
    hostile = '=cmd|"/c calc"!A1'
    (_, cells), *_ = read_table(text([HEADED, [hostile.replace('"', '""'), *ROW[1:]]]).encode()).rows
    assert cells[0] == hostile


def test_a_file_that_is_in_no_encoding_that_can_be_told() -> None:
    assert rules(text([HEADED]).encode() + "\nHà Nội".encode("cp1258", "replace")) == [(2, "table_encoding")]
    assert rules(b"\xff\xfea") == [(1, "table_encoding")]


def test_a_quote_that_is_not_closed_says_its_row() -> None:
    assert rules((text([HEADED, ROW]) + '\r\n"1.001194;X').encode()) == [(3, "table_quotes")]


@pytest.mark.parametrize("data", [b"", b"\n\n", "chỉ có chữ".encode(), text([["a"]] * 20 + [HEADED]).encode()])
def test_without_headings_nothing_is_guessed(data: bytes) -> None:
    assert rules(data) == [(None, "table_without_headings")]


def test_a_table_may_have_so_many_rows_and_no_more() -> None:
    rows = [HEADED] + [["x"]] * MAX_ROWS
    assert len(read_table(text(rows).encode()).rows) == MAX_ROWS
    assert rules(text([*rows, ["x"]]).encode()) == [(None, "table_too_many_rows")]
    assert rules(b" " * (MAX_BYTES + 1)) == [(None, "table_too_large")]


def test_a_cell_far_away_costs_nothing() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADED)
    sheet.append(ROW)
    sheet["XFD1048576"] = "x"
    saved = io.BytesIO()
    book.save(saved)
    assert [number for number, cells in read_table(saved.getvalue()).rows if cells] == [2]


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook with other bytes in its first sheet."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content.replace(old, new) if name.endswith("sheet1.xml") else content)
    return saved.getvalue()


def test_how_large_a_sheet_says_that_it_is_is_not_believed() -> None:
    data = workbook([HEADED, ROW])
    small = patched(data, b'<dimension ref="A1:H2"', b'<dimension ref="A1:H1"')
    assert small != data
    assert read_table(small) == read_table(data)


def test_a_sheet_that_declares_a_type_is_refused() -> None:
    data = workbook([HEADED, ROW])
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


GOOD: Final = (text([HEADED, ROW]).encode(), text([HEADED, ROW]).encode("utf-16"), workbook([HEADED, ROW]))


@settings(deadline=None)
@given(
    st.binary() | st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 5_000), st.binary(max_size=4)), max_size=4)
)
def test_whatever_the_bytes_they_are_a_table_or_are_refused(data: bytes, changes: list[tuple[int, bytes]]) -> None:
    for place, other in changes:
        data = data[:place] + other + data[place + len(other) :]
    try:
        found = read_table(data).headings.missing
    except TableRefusedError as refused:
        found = [] if refused.mistakes else ["why"]
    assert found == []
