"""A filing for each way in which one can end, found by trying every act at every stage: the papers that it gets."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from rules.causes import papers_of
from rules.evidence import ENDS
from rules.papers.sheet import sheet
from rules.papers.sheets.dates import needed
from schemas.errors import RefusalError
from schemas.papers.state import PaperKind
from schemas.people import SYSTEM, Actor
from tests.unit.filing import lives
from tests.unit.filing.lives import FETCHED, HANDOVER, LEADER, PASSPORT, RECEPTION, SPECIALIST
from tests.unit.forms.dossiers import RESIDENCE
from tests.unit.papers import sources
from tests.unit.papers.sources import ITEMS, LAW, OWNER, PASSING, PLAIN, UNPAID_RESULT, Filed, asked, handled, issued

CEASED: Final = {"evidence": lives.FILE}
PLACES: Final[dict[str, Callable[[], Filed]]] = {
    "intake": lambda: Filed(PLAIN),
    "supplement at intake": lambda: asked(("paper", "owner_consent")),
    "accepted": lambda: Filed(PLAIN).do("accept", RECEPTION),
    "review": handled,
    "supplement in review": lambda: handled().do(
        "request_supplement", SPECIALIST, items=ITEMS, legal_basis=LAW["legal_basis"]
    ),
    "fee": sources.accepted,
    "suspended": lambda: handled().do("stop", LEADER, mode="suspend", **LAW),
    "successor awaited": lambda: handled(PASSING).do("record_cessation", RECEPTION, **CEASED),
    "successor awaited at intake": lambda: Filed(PASSING).do("record_cessation", RECEPTION, **CEASED),
    "result at the counter": issued,
    "result by post": lambda: issued(result_channel="post"),
    "result online": lambda: issued(result_channel="online"),
    "result unpaid": lambda: issued(UNPAID_RESULT),
}
OWN: Final[dict[str, Any]] = {
    "recipient": RESIDENCE["applicant"]["name"],
    "identity": PASSPORT | {"citizen_number": RESIDENCE["applicant"]["id_number"]},
}
ACTS: Final[tuple[tuple[str, Actor, dict[str, Any]], ...]] = (
    ("withdraw", OWNER, {"reason": sources.REASON}),
    ("refuse_intake", RECEPTION, LAW),
    ("stop", LEADER, LAW | {"mode": "end", "unproposed_reason": "hồ sơ giả"}),
    ("record_cessation", RECEPTION, CEASED),
    ("settle_fee", SYSTEM, {"n": 1, "settlement": "expired"}),
    ("settle_parcel", SYSTEM, {"n": 1, "outcome": "delivered"}),
    ("hand_over", HANDOVER, FETCHED | OWN),
    ("nothing", SYSTEM, {}),
)


def ended() -> Iterator[tuple[str, str, Filed]]:
    """Yields each filing that an act has ended, with the name of its place, and the act."""
    for name, begin in PLACES.items():
        for kind, actor, content in ACTS:
            filed = begin()
            if kind == "nothing":
                filed.wait(days=400).rung()
            else:
                filed.wait(days=60 if kind == "settle_fee" else 0)
                try:
                    filed.do(kind, actor, **content)
                except RefusalError:
                    continue
            if filed.filing.closed:
                yield name, kind, filed


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
WAITS: Final = "Thông báo hồ sơ chờ người kế thừa"
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
