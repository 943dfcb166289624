"""The papers that a filing gets, for each way in which a filing can end."""

from typing import Final

from rules.causes import papers_of
from rules.evidence import ENDS
from rules.papers.sheet import sheet
from rules.papers.sheets.dates import needed
from schemas.papers.state import PaperKind
from tests.unit.papers.endings import PLACES, ended
from tests.unit.papers.sources import Filed


def papers(filed: Filed) -> list[str]:
    """Returns the titles of the papers of a filing, in order."""
    titles = []
    for n, recorded in enumerate(filed.log, 1):
        source = filed.source_at(n)
        kinds = (
            kind
            for kind in papers_of(recorded.event)
            if kind not in MONEY and needed(kind, recorded.event.kind, source.before, source.filing)
        )
        titles += [sheet(kind, source).title.vi for kind in kinds]
    return titles


MONEY: Final = {PaperKind.CHARGE_RECEIPT, PaperKind.FEE_RECEIPT}
RECEIPT: Final = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"
SUPPLEMENT: Final = "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ"
FEE: Final = "Thông báo nộp phí, lệ phí"
WAITS: Final = "Thông báo về việc hồ sơ chờ người kế thừa"
ON_THE_WAY: Final[dict[str, tuple[str, ...]]] = {
    "intake": (),
    "supplement at intake": (SUPPLEMENT,),
    "accepted": (RECEIPT,),
    "review": (RECEIPT,),
    "supplement in review": (RECEIPT, SUPPLEMENT),
    "fee": (RECEIPT, FEE),
    "suspended": (RECEIPT, "Thông báo tạm dừng giải quyết hồ sơ"),
    "successor awaited": (RECEIPT, WAITS),
    "successor awaited at intake": (WAITS,),
    "result at the counter": (RECEIPT, "Thông báo đến nhận kết quả"),
    "result by post": (RECEIPT, "Phiếu gửi hồ sơ qua dịch vụ bưu chính công ích"),
    "result online": (RECEIPT,),
    "result unpaid": (RECEIPT, FEE),
}
ENDED: Final = "Thông báo kết thúc giải quyết hồ sơ"
NOTICES: Final = {
    "handed_over": (),  # the result itself
    "withdrawn": ("Thông báo về việc rút hồ sơ",),
    "stopped": ("Thông báo dừng giải quyết hồ sơ",),
    "intake_refused": ("Phiếu từ chối tiếp nhận giải quyết hồ sơ",),
    **dict.fromkeys(("supplement_expired", "fee_expired", "lapsed"), (ENDED,)),
}
CONTROL: Final = "Phiếu kiểm soát quá trình giải quyết hồ sơ"


def test_each_way_to_end_gives_its_notice_and_the_control_slip() -> None:
    found = {(place, act): (filed.kinds[-1], papers(filed)) for place, act, filed in ended()}
    wanted = {(place, act): [*ON_THE_WAY[place], *NOTICES[end], CONTROL] for (place, act), (end, _) in found.items()}
    assert {key: got for key, (_, got) in found.items()} == wanted
    assert {end for end, _ in found.values()} == {*ENDS} == NOTICES.keys()
    assert (len(found), {place for place, _ in found}) == (28, {*PLACES})
