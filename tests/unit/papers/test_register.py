"""The register: which filings it is for, what it says of each, and how it looks on paper and in a workbook."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from activities.printing.register_book import LINES, RegisterBook
from operations.register.workbook import RegisterWorkbook
from rules.papers.register import Known, entry, period
from rules.papers.register_lines import COLUMNS, EFFORT
from schemas.base import Text
from schemas.papers.custody import Effort
from schemas.papers.register import Register, RegisterEntry
from schemas.people import Role
from schemas.publishing.procedure import Baseline
from tests.printed import Margins, outside, pages
from tests.unit.filing.lives import AT_DESK, FETCHED, PASSPORT, START, Life, local, officer

NAME = Text(vi="Đăng ký thường trú", en="Registration of residence")
MARGINS = Margins(left=9, right=9, top=8, bottom=4)
HEAD = Register(
    agency="H01.12",
    agency_name=Text(vi="Ủy ban nhân dân phường Hoàn Kiếm", en="Hoàn Kiếm"),
    period=period("2026-11"),
    as_of=local("2026-12-01 08:00"),
    filings=1,
)


def line(n: int = 1, **changes: Any) -> RegisterEntry:
    facts = {
        "n": n,
        "code": f"H01.12-20261125-{n:07d}",
        "procedure": "1.004222",
        "procedure_name": NAME,
        "sets": 1,
        "applicant": "Nguyễn Thị Phương Thảo",
        "contact": "Số 1 Hàng Bài, Hà Nội; 0900000001" if n % 3 else None,
        "agency": "H01.12",
        "channel": "online",
        "received_at": START,
        "result_channel": "post",
        "status": 4,
        "status_name": Text(vi="Đang xử lý", en="Processing"),
    }
    return RegisterEntry.model_validate(facts | changes)


def lines(n: int) -> Iterator[RegisterEntry]:
    return (line(k) for k in range(1, n + 1))


def printed(*given: RegisterEntry, head: Register = HEAD) -> bytes:
    book = RegisterBook(head)
    for one in given:
        book.add([one])
    return book.bound()


def texts(pdf: bytes) -> list[str]:
    found = pages(pdf)
    assert [outside(page, MARGINS) for page in found] == [[]] * len(found)
    return [page.get_textpage().get_text_range() for page in found]


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("2026-11", "2026-11-01 00:00", "2026-12-01 00:00"),
        ("2026-12", "2026-12-01 00:00", "2027-01-01 00:00"),
        ("2026", "2026-01-01 00:00", "2027-01-01 00:00"),
    ],
)
def test_a_period_is_one_of_vietnam(name: str, since: str, until: str) -> None:
    found = period(name)
    assert found is not None
    assert (found.name, found.since, found.until) == (name, local(since), local(until))


@pytest.mark.parametrize("name", ["2026-13", "2026-00", "26", "2026-1", "2026-11-01", "", "0026", "2026\n"])
def test_what_is_no_period(name: str) -> None:
    assert period(name) is None


def test_what_it_says_of_a_filing_until_its_result_is_taken() -> None:
    life = Life(**AT_DESK, result_channel="counter")
    appointment = life.clock("processing").due
    first = entry(7, life.log, life.filing, Known(NAME, 2), life.now)
    assert (first.n, first.sets, first.code, first.applicant) == (7, 2, "dossier-1", "Nguyễn Văn An")
    assert (first.agency, first.desk, first.received_at) == ("H01.12", "H01.01", START)
    assert (first.appointment, first.returned_at, first.outcome, first.recipient) == (appointment, None, None, None)
    life.until("2026-11-26 09:00").decided().issued()
    life.do(
        "hand_over",
        officer(Role.HANDOVER, agency="H01.01"),
        **FETCHED | {"recipient": "Trần Thị Bé", "identity": PASSPORT},
    )
    last = entry(1, life.log, life.filing, Known(NAME, 2), life.now)
    assert (last.appointment, last.returned_at) == (appointment, local("2026-11-26 09:00"))
    assert (last.outcome, last.recipient, last.status) == ("early", "Trần Thị Bé", 10)
    assert last.effort == Effort(working_days=1, visits=2)


def test_it_stands_on_paper_with_all_that_is_known() -> None:
    [page] = texts(printed(line(desk="H01.01", outcome="late", recipient="Trần Thị Bé")))
    for words in (
        "SỔ THEO DÕI HỒ SƠ",
        "ỦY BAN NHÂN DÂN PHƯỜNG HOÀN KIẾM",
        "Tháng 11 năm 2026",
        "Nguyễn Thị",
        "10:00",
        "Sổ này có 1 hồ sơ trên 1 trang; lập lúc 08:00 01/12/2026.",
    ):
        assert words in page
    together = "".join(page.split())
    assert "H01.12-20261125-0000001" in together
    assert "quáhạn;nộptạiH01.01" in together


def test_a_long_one_goes_on_from_page_to_page_without_a_gap_and_has_every_line_once() -> None:
    many = 2 * LINES + 7
    found = texts(printed(*lines(many), head=HEAD.model_copy(update={"filings": many})))
    whole = "".join("".join(page.split()) for page in found)
    assert [whole.count(f"H01.12-20261125-{n:07d}") for n in range(1, many + 1)] == [1] * many
    assert f"Sổ này có {many} hồ sơ trên {len(found)} trang" in found[-1]
    assert all(f"Trang số {n}" in page for n, page in enumerate(found, 1))
    on_each = ["".join(page.split()).count("H01.12-20261125-") for page in found]
    assert min(on_each[1:-1]) >= max(on_each[1:-1]) - 2


def test_the_same_lines_are_the_same_bytes() -> None:
    digests = {hashlib.sha256(printed(*lines(n))).hexdigest() for n in (3, 3, LINES + 1, LINES + 1)}
    assert len(digests) == 2


def test_a_letter_that_the_font_lacks_keeps_no_register_from_being_printed() -> None:
    [page] = texts(printed(line(applicant="Lý 漢"), line(2)))
    assert "Lý ?" in page
    assert "漢" not in page


def test_whose_data_were_erased_is_in_it_without_them() -> None:
    [page] = texts(printed(line(applicant=None, contact=None)))
    assert "đã xóa" in page


def test_in_a_workbook_what_people_wrote_is_no_formula(tmp_path: Path) -> None:
    book = RegisterWorkbook(HEAD)
    cost = Effort(working_days=3, visits=0, baseline=Baseline(working_days=15, visits=4, source="unconfirmed"))
    book.add([line(effort=cost, applicant='=HYPERLINK("http://x")', recipient="+84", contact="@SUM(A1)"), line(2)])
    book.save(tmp_path / "register.xlsx")
    sheet = load_workbook(BytesIO((tmp_path / "register.xlsx").read_bytes())).worksheets[0]
    heading, first, second = list(sheet.iter_rows(min_row=2))
    assert [cell.value for cell in heading] == [column.title.vi for column in (*COLUMNS, *EFFORT)]
    assert {cell.data_type for cell in first if isinstance(cell.value, str)} == {"s"}
    assert first[4].value == '=HYPERLINK("http://x")'
    assert first[7].value == datetime(2026, 11, 25, 10, 0, 30)  # noqa: DTZ001 -- a workbook has no zones
    assert [cell.value for cell in first[-4:]] == [3, 0, 15, 4]
    assert (second[0].value, [cell.value for cell in second[-4:]]) == (2, [None] * 4)
