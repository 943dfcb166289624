"""A province's table of 200 procedures, some of which must be refused; the table is the same in each run."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Final, NamedTuple

from openpyxl import Workbook

TITLES: Final = (
    *("STT", "Mã TTHC", "Tên thủ tục hành chính", "Lĩnh vực", "Mức độ DVC", "Cơ quan thực hiện"),
    *("Thời hạn giải quyết", "Phí, lệ phí (đồng)", "Thành phần hồ sơ", "Căn cứ pháp lý", "Ghi chú"),
)
CODE, NAME, LEVEL, AGENCY, TIME, FEE, PAPERS = (TITLES[n] for n in (1, 2, 4, 5, 6, 7, 8))
ROWS: Final = 200
FIELDS: Final = ("Hộ tịch", "Cư trú", "Đất đai", "Xây dựng", "Bảo trợ xã hội")

LEVELS: Final = {"Toàn trình": 4, "Một phần": 3, "Cung cấp thông tin trực tuyến": 1, "4": 4}
AGENCIES: Final = {
    "UBND cấp xã": ["commune"],
    "Ủy ban nhân dân xã, phường, đặc khu": ["commune"],
    "Công an cấp xã": ["commune_police"],
    "Sở Xây dựng": ["province_department"],
    "Văn phòng đăng ký đất đai; Cơ quan thuế": ["land_office", "tax"],
    "Trung tâm Phục vụ hành chính công": ["one_stop_centre"],
    "Phòng Văn hóa": None,
}
TIMES: Final = {
    "05 ngày làm việc": "5 working days",
    "5 ngày": "5 calendar days",
    "03 ngày làm việc kể từ ngày nhận đủ hồ sơ hợp lệ": "3 working days",
    "Ngay trong ngày": "0 working days",
    "24 giờ": "1 calendar days",
    "7 ngày làm việc; trường hợp phải xác minh: 12 ngày làm việc": "7 working days",
    "Ngay trong ngày; nhận sau 15 giờ thì trả trong ngày làm việc tiếp theo": "0 working days",
}
FEES: Final[Mapping[str, list[int]]] = {
    "Không": [],
    "": [],
    "Theo Nghị quyết của HĐND tỉnh": [],
    "8.000 đồng/bản": [8_000],
    "Phí thẩm định: 500.000 đồng; Lệ phí: 100.000 đồng/giấy phép": [500_000, 100_000],
    "Cấp mới: 100.000 đồng\nCấp lại: 50.000 đồng": [100_000, 50_000],
    "Cá nhân: 100.000 đồng; Tổ chức: 1,5 triệu đồng": [100_000, 1_500_000],
}
PAPERS_LISTED: Final = {
    "- Tờ khai (bản chính)\n- Giấy chứng sinh\n- Văn bản ủy quyền (nếu có)": [True, True, False],
    "1. Đơn đề nghị 2. Bản vẽ 3. Giấy chứng nhận": [True, True, True],
    "a) Đơn; b) Bản sao quyết định (có chứng thực; hoặc kèm bản chính)": [True, True],
    "Giấy tờ phải nộp:\n+ Tờ khai\n+ 02 ảnh chụp không quá 06 tháng\nSố lượng hồ sơ: 01 bộ": [True, True],
    "Tờ khai; Hộ chiếu hoặc thẻ căn cước": [True, True],
    "Không": [],
    "Theo quy định tại Thông tư của Bộ": [],
}
LEGAL: Final = ("Luật Hộ tịch 2014; NĐ 123/2015/NĐ-CP", "- Luật Đất đai 2024\n- NĐ 101/2024/NĐ-CP", "")

BAD: Final = (
    ({CODE: "1.00119"}, CODE, "code_lost_digits"),
    ({CODE: "1001193"}, CODE, "wrong_form"),
    ({CODE: ""}, CODE, "cell_required"),
    ({CODE: "", NAME: ""}, "", "row_goes_on"),
    ({NAME: "Cấp \x07 phép"}, NAME, "unreadable_character"),
    ({NAME: "#REF!"}, NAME, "cell_is_error"),
    ({NAME: "Tên dài " * 2000}, NAME, "cell_too_long"),
    ({LEVEL: "5"}, LEVEL, "level_unreadable"),
    ({AGENCY: ""}, AGENCY, "cell_required"),
    ({AGENCY: "UBND cấp huyện"}, AGENCY, "agency_abolished"),
    ({TIME: ""}, TIME, "cell_required"),
    ({TIME: "nửa ngày"}, TIME, "time_unreadable"),
    ({TIME: "3-5 ngày"}, TIME, "time_is_range"),
    ({TIME: "1 tháng"}, TIME, "time_unit"),
    ({TIME: "4 giờ"}, TIME, "hours_of_what"),
    ({TIME: "0 giờ"}, TIME, "hours_of_what"),
    ({TIME: "20000 ngày"}, TIME, "limit_too_long"),
    ({TIME: "0 giờ làm việc"}, TIME, "limit_zero"),
    ({FEE: "Có thu"}, FEE, "fee_unreadable"),
    ({FEE: "0,5%"}, FEE, "fee_is_percentage"),
    ({FEE: "100k"}, FEE, "amount_unclear"),
    ({FEE: "Từ 100.000 đến 500.000 đồng"}, FEE, "amount_is_range"),
    ({FEE: "50.000 đồng; trực tuyến: 25.000 đồng"}, FEE, "amounts_without_cases"),
    ({FEE: "9.000.000.000 đồng"}, FEE, "out_of_range"),
    ({PAPERS: "; ".join(f"Giấy tờ số {n}" for n in range(101))}, PAPERS, "too_many"),
    ({PAPERS: "Biên lai nộp 50.000 đồng"}, PAPERS, "money_in_text"),
    ({NAME: "Cấp phép đến ngày 1/7/2027"}, NAME, "date_in_text"),
    ({NAME: "Cấp {giấy} phép"}, NAME, "placeholder_form"),
    ({"": "ô thừa"}, "", "cells_beyond_headings"),
    ({LEVEL: "Toàn trình/Một phần"}, LEVEL, "level_unreadable"),
    ({AGENCY: "Sở Y tế; Ủy ban nhân dân quận Ba Đình"}, AGENCY, "agency_abolished"),
    ({TIME: "Không quy định"}, TIME, "time_unreadable"),
    ({TIME: "0,5 ngày"}, TIME, "time_unreadable"),
    ({TIME: "Từ 5 đến 7 ngày làm việc"}, TIME, "time_is_range"),
    ({FEE: "8.00 đồng"}, FEE, "amount_unclear"),
    ({FEE: "miễn 50.000 đồng"}, FEE, "amount_unclear"),
    ({FEE: "Cấp lại: 2.000 đồng; cấp lại: 1.000 đồng"}, FEE, "amounts_without_cases"),
    ({FEE: "1,5 đồng"}, FEE, "amount_unclear"),
    ({FEE: "8.000 đồng hay 9.000 đồng"}, FEE, "amount_unclear"),
    ({CODE: "1.100000.000.00.00.H29"}, CODE, "code_twice"),
)


class Good(NamedTuple):
    """The draft that a row of the table must give."""

    code: str
    level: int
    kinds: list[str] | None
    limit: str
    amounts: list[int]
    required: list[bool]


class Provincial(NamedTuple):
    """The rows of the table, headings included, and the expected result of each by its row number in a spreadsheet."""

    rows: list[list[object]]
    good: dict[int, Good]
    bad: dict[int, tuple[str, str]]

    def csv(self, encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
        """Returns the table as CSV, as a spreadsheet program saves it."""
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter).writerows(self.rows)
        return text.getvalue().encode(encoding)

    def xlsx(self) -> bytes:
        """Returns the table on the second sheet of a workbook; characters that a workbook can't hold are left out."""
        book = Workbook()
        book.active.append(["Thủ tục hành chính của tỉnh"])  # type: ignore[union-attr]
        sheet = book.create_sheet("Danh mục")
        for row in self.rows:
            sheet.append([cell.translate({0: None, 7: None}) if isinstance(cell, str) else cell for cell in row])
        saved = io.BytesIO()
        book.save(saved)
        return saved.getvalue()


def provincial() -> Provincial:
    """Returns the table: a title, the headings in row 3, and above every fifty procedures a row with their domain."""
    rows: list[list[object]] = [["DANH MỤC THỦ TỤC HÀNH CHÍNH"], [], list(TITLES)]
    good: dict[int, Good] = {}
    bad: dict[int, tuple[str, str]] = {}
    random = Random(13)
    mistakes = iter(BAD)
    for n in range(ROWS):
        if n % 50 == 0:
            rows += [["IV", "", f"LĨNH VỰC {FIELDS[n // 50 % len(FIELDS)].upper()}"]]
        cells, said = _procedure(n, random)
        wrong = next(mistakes, None) if n % 5 == 4 else None
        if wrong is not None:
            changes, column, rule = wrong
            cells |= changes
            bad[len(rows) + 1] = column, rule
        else:
            good[len(rows) + 1] = said
        rows.append(list(cells.values()))
    return Provincial(rows, good, bad)


def _procedure(n: int, random: Random) -> tuple[dict[str, str], Good]:
    level, agency, time, papers = (random.choice(list(of)) for of in (LEVELS, AGENCIES, TIMES, PAPERS_LISTED))
    fee = random.choice(list(FEES))
    code = f"{n % 3 + 1}.{100_000 + n}" + (".000.00.00.H29" if n % 20 == 0 else "")
    cells = (
        *(str(n + 1), code, f"Thủ tục số {n + 1}", FIELDS[n // 50 % len(FIELDS)], level, agency, time, fee, papers),
        *(random.choice(LEGAL), ""),
    )
    said = Good(code, LEVELS[level], AGENCIES[agency], TIMES[time], FEES[fee], PAPERS_LISTED[papers])
    return dict(zip(TITLES, cells, strict=True)), said


def of_excel_alone() -> Iterator[tuple[list[object], str, str]]:
    """Yields rows that only a workbook can hold, each with the column and the rule of its refusal."""
    for column, cell, rule in (
        (CODE, 1.00119, "code_not_text"),
        (CODE, 1001193, "code_not_text"),
        (TIME, datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None), "cell_not_text"),
        (FEE, True, "cell_not_text"),
    ):
        cells, _ = _procedure(900, Random(1))
        yield [(cells | {column: cell})[title] for title in TITLES], column, rule
