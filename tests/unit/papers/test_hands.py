"""The successive holders of a filing, with the times; the register: its filings and its form."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args
from unicodedata import normalize

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from openpyxl import load_workbook

from activities.printing.register_book import LINES, RegisterBook
from operations.register_workbook import RegisterWorkbook
from rules.papers.deeds import ONLY_TOLD
from rules.papers.hands import hands
from rules.papers.register import COLUMNS, EFFORT, Known, effort, entry, period
from schemas.base import Text
from schemas.filing.events import Event
from schemas.papers.register import Effort, Hand, Register, RegisterEntry
from schemas.people import OFFICERS, Role
from schemas.publishing.procedure import Baseline
from schemas.words.catalogue import SENTENCES
from tests.printed import Margins, gap_of_foot, outside, pages
from tests.unit.filing.any_life import CLOSINGS, AnyLife
from tests.unit.filing.lives import (
    APPRAISE,
    AT_DESK,
    CASHIER,
    DECIDE,
    FETCHED,
    HANDOVER,
    PAPER,
    PARTS,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    START,
    TAX,
    TEAM_LEAD,
    Life,
    at,
    fee,
    local,
    officer,
    procedure,
)
from tests.unit.filing.shapes import SHAPE_NAMES, SHAPES
from tests.unit.profile import PROFILE


def of(life: Life) -> tuple[Hand, ...]:
    return hands(life.log, life.filing, life.now)


def who(life: Life) -> list[tuple[str, str | None]]:
    """Returns for each holder of a filing the role (or the kind of holder), and the name if it is known."""
    return [(hand.role or hand.holder, hand.subject or hand.accountable) for hand in of(life)]


def done(life: Life) -> list[list[str]]:
    return [[deed.kind for deed in hand.done] for hand in of(life)]


def test_a_hand_begins_where_the_one_before_ends_and_time_in_it_is_office_time() -> None:
    life = Life().until("2026-11-25 16:00").do("claim", RECEPTION).until("2026-11-26 09:00").accepted()
    life.until("2026-11-26 10:00")
    seen = who(life)
    assert seen == [("representative", None), ("reception", None), ("reception", "reception-1"), ("specialist", None)]
    assert done(life) == [["submitted"], ["claimed"], ["accepted"], []]
    begun: list[datetime] = [hand.since for hand in of(life)]
    assert [hand.until for hand in of(life)] == [START, *begun[2:], None]
    assert [hand.working_minutes for hand in of(life)] == [0, 90 + 150, 60 + 120, 60]


def test_a_task_that_was_given_away_lay_in_the_queue_until_then() -> None:
    life = Life().accepted().do("reassign", TEAM_LEAD, officer="specialist-2")
    life.wait(minutes=1).do("release", officer(Role.SPECIALIST, "specialist-2"))
    assert who(life)[2:] == [("specialist", None), ("specialist", "specialist-2"), ("specialist", None)]
    [deed] = of(life)[2].done
    assert (deed.kind, deed.role, deed.subject) == ("reassigned", "team_lead", "team_lead-1")


def test_the_way_of_a_filing_to_its_result() -> None:
    life = (
        Life(result_channel="counter").accepted().decided().issued().wait(days=1).do("hand_over", HANDOVER, **FETCHED)
    )
    assert who(life) == [
        ("representative", None),
        ("reception", "reception-1"),
        ("specialist", None),
        ("specialist", "specialist-1"),
        ("leader", None),
        ("leader", "leader-1"),
        ("system", "leader-1"),
        ("handover", "handover-1"),
    ]
    seen = done(life)[3:]
    assert seen == [["proposed"], ["claimed"], ["decided"], ["result_issued", "pickup_offered"], ["handed_over"]]
    assert of(life)[-1].until == life.now


def test_the_system_has_its_officers_name_and_the_applicant_none() -> None:
    life = Life(procedure(standing_order="01/QĐ-UBND", standing_officer="leader-9")).do("accept")
    assert who(life) == [("representative", None), ("system", "leader-9"), ("system", "leader-9")]
    accepted, decided = of(life)[1].done
    assert (accepted.kind, accepted.subject, accepted.accountable) == ("accepted", None, "leader-9")
    assert (decided.kind, decided.accountable) == ("decided", "leader-9")
    life = Life().supplement_requested(RECEPTION, ("paper", "identity"))
    life.do("withdraw", REPRESENTATIVE, reason="x")
    assert who(life)[2] == ("applicant", None)
    shown = "".join(hand.model_dump_json() for hand in of(life))
    assert REPRESENTATIVE.subject not in shown
    assert '"subject":"an"' not in shown


def test_it_is_in_the_hand_of_who_acted_last_or_recorded_it() -> None:
    life = Life().supplement_requested(RECEPTION, ("paper", "identity"))
    life.until("2026-12-20 09:00").rung()
    [deed] = of(life)[-1].done
    assert (deed.kind, deed.accountable) == ("supplement_expired", "reception-1")
    first, second = of(Life(**AT_DESK, result_channel="counter"))
    assert (first.role, first.subject, first.agency) == ("reception", "reception-1", "H01.01")
    assert [deed.kind for deed in first.done] == ["submitted", "accepted"]
    assert (second.role, second.agency) == ("specialist", "H01.12")


def test_another_authority_has_it_for_the_officer_who_asked() -> None:
    life = at(TAX).do("refer_obligation", SPECIALIST, reference="12/PC")
    assert who(life)[-1] == ("authority", "specialist-1")
    life.do("demand_obligation", SPECIALIST, reference="13/TB", amount=100)
    assert who(life)[-1] == ("applicant", None)
    assert of(life)[-2].step == "tax"


def test_what_other_agencies_decide_is_in_their_hands_beside_the_others() -> None:
    life = Life(procedure(review=[PARTS, APPRAISE, DECIDE])).accepted().wait(hours=1)
    life.do("settle_part", n=1, outcome="approved", officer="h01.31-specialist-1")
    parts = {hand.part: hand for hand in of(life) if hand.part}
    assert (parts["residence"].agency, parts["residence"].subject) == ("H01.31", "h01.31-specialist-1")
    assert (parts["residence"].until, parts["residence"].outcome) == (life.now, "early")
    assert (parts["insurance"].agency, parts["insurance"].subject, parts["insurance"].until) == ("H01.60", None, None)
    [answered] = [deed for hand in of(life) for deed in hand.done if deed.kind == "part_answered"]
    assert answered.accountable == "h01.31-specialist-1"
    assert who(life)[2] == ("specialist", None)


@pytest.mark.parametrize(("until", "outcome"), [("2026-11-26 09:00", "early"), ("2026-11-27 09:00", "late")])
def test_a_hand_tells_its_limit_and_whether_that_was_kept(until: str, outcome: str) -> None:
    life = Life()
    assert of(life)[-1].due == life.clock("intake").due
    life.until(until).rung().accepted()
    assert (of(life)[1].due, of(life)[1].outcome) == (life.clock("intake").due, outcome)


def test_the_post_has_it_until_it_says_otherwise() -> None:
    address: Any = {"recipient": "An", "phone": "0900000000", "address": "1 Hàng Bài", "postcode": "10000"}
    life = Life(result_channel="post", address=address).accepted().decided().issued()
    assert who(life)[-1] == ("post", "leader-1")
    life.do("settle_parcel", n=1, outcome="returned")
    assert who(life)[-1] == ("handover", None)


def test_a_reopened_filing_goes_on_from_who_upheld_the_complaint() -> None:
    life = Life().do("refuse_intake", RECEPTION, reason="x", legal_basis="y").wait(days=1)
    life.do("settle_complaint", n=1, about=2, officer="leader-2", step=None)
    assert who(life)[2:] == [("system", "leader-2"), ("reception", None)]
    assert (of(life)[1].until, of(life)[2].since, of(life)[2].until) == (START, life.now, life.now)


BASELINE = Baseline(working_days=10, visits=3, source="unconfirmed")


def cost(life: Life) -> tuple[int, int]:
    found = effort(life.log, life.filing, life.now, BASELINE)
    assert found.baseline is BASELINE
    return found.working_days, found.visits


def test_what_is_done_online_needs_no_visit() -> None:
    life = Life().accepted().decided().issued()
    assert life.filing.closed
    assert cost(life) == (0, 0)


def test_what_is_done_at_a_counter_on_one_day_is_one_visit() -> None:
    life = Life(procedure(fee=fee()), **PAPER, result_channel="counter", fee_channel="counter")
    life.do("pay_at_counter", CASHIER, amount=16000)
    assert cost(life) == (0, 1)
    life.until("2026-11-30 09:00").decided().issued()
    assert cost(life) == (3, 1)
    life.until("2026-12-01 09:00").do("hand_over", HANDOVER, **FETCHED).until("2026-12-20 09:00")
    assert cost(life) == (4, 2)


def test_what_came_online_or_by_post_is_no_visit() -> None:
    life = (
        Life()
        .supplement_requested(RECEPTION, ("field", "name"))
        .do("supplement", REPRESENTATIVE, form={"name": "An Binh"})
    )
    assert cost(life) == (0, 0)
    life = Life(**PAPER | {"channel": "post"}, result_channel="counter", received_at="2026-11-24T09:00:00+07:00")
    assert cost(life) == (1, 0)


def test_everything_that_is_done_has_a_name() -> None:
    kinds = {str(model.model_fields["kind"].default) for model in get_args(get_args(Event)[0])}
    assert kinds > ONLY_TOLD
    assert {key for key in SENTENCES if key.startswith("deed.")} == {f"deed.{kind}" for kind in kinds - ONLY_TOLD}


def lies_after(before: Hand, after: Hand, closed: set[datetime]) -> bool:
    """Returns True if the second period begins where the first ends, or later if the filing was closed between them."""
    assert before.until is not None
    return before.until == after.since or (before.until in closed and before.until < after.since)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES[::4], ids=SHAPE_NAMES[::4])
def test_somebody_has_it_at_every_moment(shape: dict[str, Any]) -> None:
    class ThisLife(AnyLife):
        def teardown(self) -> None:
            life = self.life
            found = hands(life.log, life.filing, life.now)
            own = [hand for hand in found if hand.part is None]
            ends = {recorded.at for recorded in life.log if recorded.event.kind in CLOSINGS}
            assert all(lies_after(before, after, ends) for before, after in pairwise(own))
            assert (own[-1].until is None) is not life.filing.closed
            assert own[0].since == life.log[0].at
            for deed in (deed for hand in found for deed in hand.done):
                assert (deed.subject is not None) is (deed.role in OFFICERS)
                if deed.role is Role.SYSTEM and life.filing.procedure.standing_officer:
                    assert deed.accountable
            seqs = [deed.seq for hand in own for deed in hand.done]
            assert seqs == sorted(set(seqs))

    ThisLife.shape = shape
    run_state_machine_as_test(ThisLife, settings=settings(PROFILE, max_examples=5, stateful_step_count=25))


# The register: which filings it is for, what it says of each, and how it looks on paper and in a workbook.

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


def test_the_foot_of_the_register_is_clear_of_marks_above_letters() -> None:
    head = HEAD.model_copy(update={"agency_name": Text(vi="ỦY BAN NHÂN DÂN XÃ ẤỂỖ", en="x")})
    assert gap_of_foot(pages(printed(line(), head=head))[0]) > 0.3


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
        **FETCHED | {"recipient": "Trần Thị Bé"},
    )
    last = entry(1, life.log, life.filing, Known(NAME, 2), life.now)
    assert (last.appointment, last.returned_at) == (appointment, local("2026-11-26 09:00"))
    assert (last.outcome, last.recipient, last.status) == ("early", "Trần Thị Bé", 10)
    assert last.effort == Effort(working_days=1, visits=2)


def test_a_name_in_separate_letters_and_marks_is_printed_whole() -> None:
    [page] = texts(printed(line(1, applicant=normalize("NFD", "Trần Thị Huyền Trân"))))
    assert "Trần Thị Huyền Trân" in " ".join(page.split())


def test_it_stands_on_paper_with_all_that_is_known() -> None:
    names = {code: {"vi": f"Sở số {n}", "en": "-"} for n, code in enumerate(("H01.12", "H01.01", "H01.13"), 1)}
    passed = ({"origin": "H01.13", "to": "H01.12", "at": START},)
    told: dict[str, Any] = {
        "desk": "H01.01",
        "agencies": names,
        "passed": passed,
        "outcome": "late",
        "recipient": "Trần Thị Bé",
    }
    [page] = texts(printed(line(**told)))
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
    assert "quáhạn;nộptạiSởsố2;chuyểntừSởsố3đếnSởsố1lúc" in together
    assert "1.004222" not in page
    assert not re.findall("H01[.][0-9]+", together.replace("H01.12-2026", ""))


def test_a_long_one_goes_on_from_page_to_page_without_a_gap_and_has_every_line_once() -> None:
    many = 2 * LINES + 7
    found = texts(printed(*lines(many), head=HEAD.model_copy(update={"filings": many})))
    whole = "".join("".join(page.split()) for page in found)
    assert [whole.count(f"H01.12-20261125-{n:07d}") for n in range(1, many + 1)] == [1] * many
    assert f"Sổ này có {many} hồ sơ trên {len(found)} trang" in found[-1]
    assert all(f"Trang số {n}" in page for n, page in enumerate(found, 1))
    on_each = ["".join(page.split()).count("H01.12-20261125-") for page in found]
    assert min(on_each[1:-1]) >= max(on_each[1:-1]) - 2


def test_a_register_is_printed_whatever_letters_or_data_it_lacks() -> None:
    assert len({hashlib.sha256(printed(*lines(n))).hexdigest() for n in (3, 3, LINES + 1, LINES + 1)}) == 2
    [page] = texts(printed(line(applicant="Lý 漢"), line(2)))
    assert "Lý ?" in page
    assert "漢" not in page
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
