"""Sample papers, as short and as long as possible, on which a template is tried before it is published."""

from typing import Final

from rules.papers.sheets.made import FORMS, by_hand, plain
from schemas.papers.sheet import Block, Column, Letterhead, Listing, PaperSheet, Paragraph, Row, Rows, Table
from schemas.papers.state import PaperKind
from schemas.translate import said

NAME: Final = "Đặng Ẵm Ẩn Ậu Ểu Ễn Ệch Ỗng Ộp Ởm Ỡ Ợt Ửng Ữu Ự Ỳ Ỷ Ỹ Ỵ Ằn Ắ"
"""A name with every mark above, below and beside a letter."""
ADDRESS: Final = ("Số 45/6 ngõ 789 đường Nguyễn Đình Chiểu, tổ 12, khu phố Bình Ổn, phường Ỷ La, thị xã Kỳ Sơn; " * 4)[
    :300
].strip()
AGENCY: Final = "Trung tâm Phục vụ hành chính công thành phố Hồ Chí Minh, chi nhánh số 12"
_ITEMS: Final = 40
CODE: Final = "H01.12-20261127-0000001"
LONG_CODE: Final = "000.00.12.H01-261127-12345"


def samples(kind: PaperKind) -> tuple[PaperSheet, PaperSheet]:
    """The shortest and the longest paper of this kind."""
    waybill = {"waybill": "E123456789VN"} if kind is PaperKind.LABEL else {}
    return _short(kind).model_copy(update=waybill), _long(kind).model_copy(update=waybill)


def _short(kind: PaperKind) -> PaperSheet:
    rows = (Row(place="applicant.name", label=said("paper.of"), value=plain("Lê Ý")),)
    return PaperSheet(
        kind=kind,
        form=FORMS[kind].number,
        size=FORMS[kind].size,
        agency="H01.12",
        issuer=Letterhead(name=plain("Công an xã Ỷ La")),
        dated=said("paper.day", day="27", month="11", year="2026"),
        title=plain("Phiếu"),
        code=CODE,
        tracking=CODE,
        body=(Rows(rows=rows),),
        signatories=(by_hand(said("paper.who_received")),),
    )


def _long(kind: PaperKind) -> PaperSheet:
    return _short(kind).model_copy(
        update={
            "issuer": Letterhead(name=plain(AGENCY), parent=plain(AGENCY), place=plain("Thành phố Hồ Chí Minh")),
            "title": said("paper.supplement"),
            "code": LONG_CODE,
            "tracking": f"https://dichvucong.example.gov.vn/tra-cuu?ma={LONG_CODE}",
            "to": plain(NAME),
            "body": tuple(_blocks()),
            "law": (f"Nghị định 224/2026/NĐ-CP, Điều 15: {ADDRESS}", ADDRESS),
            "signatories": tuple(by_hand(said("paper.head_of_agency"), f"{NAME[:30].strip()} {n}") for n in range(3)),
        }
    )


def _blocks() -> list[Block]:
    rows = [Row(place=f"value.{n}", label=said("paper.reason"), value=plain(f"{n:02} {ADDRESS}")) for n in range(4)]
    broken = Row(place="value.long", label=said("paper.reason"), value=plain("W" * 200))
    columns = [
        Column(title=said("paper.number")),
        Column(title=said("paper.item"), share=5),
        Column(title=said("paper.sum"), share=3, amounts=True),
    ]
    cells = ((plain(str(n)), plain(f"({n:02}) {NAME}"), plain(f"{n:03}.456.789.000 đồng")) for n in range(_ITEMS))
    return [
        Paragraph(text=plain(ADDRESS)),
        Rows(rows=(*rows, broken)),
        Listing(title=said("paper.to_supply"), items=tuple(plain(f"{n:02} {NAME}") for n in range(_ITEMS))),
        Table(
            columns=tuple(columns),
            rows=tuple(cells),
            total=(said("paper.total"), plain(""), plain("123.456.789.000 đồng")),
        ),
    ]
