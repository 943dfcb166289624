"""By the law of which day a filing goes, and what is said where its version, or its province, is not the right one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.submission.validity import day_of_receipt
from schemas.base import Text
from schemas.errors import Problem, RefusalError
from schemas.filing.state import Filing
from schemas.filing.submission import Submission
from schemas.publishing.procedure import Term
from schemas.publishing.province import Province
from tests.unit.filing.lives import AGENCY, CALENDAR, Life, local, procedure, submission

NOW: Final = local("2027-03-01 10:00")
FIRST: Final = date(2027, 3, 1)
BEFORE: Final = date(2027, 2, 28)


def received(at: datetime | None) -> Submission:
    return submission().model_copy(update={"received_at": at})


@pytest.mark.parametrize(
    ("at", "now", "day"),
    [
        (None, "2027-02-28 23:59", BEFORE),
        (None, "2027-03-01 00:00", FIRST),
        ("2027-02-28 23:59", "2027-03-01 10:00", BEFORE),
        ("2027-03-01 00:00", "2027-03-01 10:00", FIRST),
        ("2027-03-01 00:00", "2027-02-28 23:59", BEFORE),
    ],
    ids=["last minute", "first minute", "by post before", "by post since", "in the future is today"],
)
def test_the_day_of_receipt_is_one_of_vietnam(at: str | None, now: str, day: date) -> None:
    assert day_of_receipt(received(None if at is None else local(at)), local(now)) == day


def refused(found: dict[str, Any], **changes: Any) -> list[Problem]:
    """Why a submission is not taken, of which this was found."""
    life = Life()
    draft = Filing(filing_id=life.filing.filing_id, agency=AGENCY, procedure=procedure(), calendar=CALENDAR, level=1)
    command = life.submit(**changes).model_copy(update=found)
    with pytest.raises(RefusalError) as error:
        lifecycle.decide(draft, command, life.now)
    return list(error.value.refusal.problems)


@pytest.mark.parametrize(
    ("term", "vi", "en"),
    [
        (
            Term(valid_from=FIRST, valid_until=date(2027, 12, 31)),
            "từ ngày 1/3/2027 đến hết ngày 31/12/2027",
            "from 1 March 2027 to 31 December 2027",
        ),
        (Term(valid_from=FIRST), "từ ngày 1/3/2027", "from 1 March 2027 on"),
        (Term(valid_until=BEFORE), "đến hết ngày 28/2/2027", "until 28 February 2027"),
    ],
    ids=["between", "since", "until"],
)
def test_a_version_that_is_not_in_force_says_when_it_is(term: Term, vi: str, en: str) -> None:
    [named] = refused({"not_in_force": term}, version="2026-12")
    [current] = refused({"not_in_force": term})
    assert (named.field, named.rule) == ("version", "version_not_in_force")
    assert (current.field, current.rule) == ("procedure", "version_not_in_force")
    assert named.message.vi == f"phiên bản này chỉ áp dụng cho hồ sơ tiếp nhận {vi}"
    assert named.message.en == f"this version is in force only for what is received {en}"


def test_a_procedure_that_another_province_has_names_it() -> None:
    city = Province(province="H29", name=Text(vi="Thành phố Hồ Chí Minh", en="Ho Chi Minh City"))
    [problem] = refused({"only_in": city})
    assert (problem.field, problem.rule) == ("agency", "only_in_province")
    assert problem.message.vi == "thủ tục này chỉ có ở Thành phố Hồ Chí Minh (H29); hãy nộp tại cơ quan ở đó"
    assert problem.message.en == "only Ho Chi Minh City (H29) has this procedure; file with an agency there"
