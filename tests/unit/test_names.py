"""What people read names roles, stages, acts, channels and levels: no code stands in a Vietnamese sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

import pytest

from docs.tools.law.matrix import SYSTEM_KINDS
from docs.tools.law.situations import situations
from rules.filing.guards import PUBLIC_KINDS, check
from schemas.base import Text
from schemas.files import ScanState
from schemas.filing.state import Stage
from schemas.level import CAPABILITIES, Channel, Level
from schemas.limit import Limit, Unit
from schemas.names import (
    ACT_NAMES,
    AGENCY_KIND_NAMES,
    CHANNEL_NAMES,
    RESULT_STATE_NAMES,
    ROLE_NAMES,
    SCAN_STATE_NAMES,
    SIGNATURE_OUTCOME_NAMES,
    STAGE_NAMES,
    VALIDITY_NAMES,
    listed,
)
from schemas.people import Role
from schemas.publishing.agency import AgencyKind
from schemas.publishing.procedure import Act
from schemas.result.state import ResultState, Validity
from schemas.signature import SignatureOutcome

CODES = {str(code) for kind in (Role, Stage, Act, Channel, Unit) for code in kind} | {*PUBLIC_KINDS, *SYSTEM_KINDS}


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (ROLE_NAMES, Role),
        (STAGE_NAMES, Stage),
        (ACT_NAMES, Act),
        (CHANNEL_NAMES, Channel),
        (SCAN_STATE_NAMES, ScanState),
        (SIGNATURE_OUTCOME_NAMES, SignatureOutcome),
        (AGENCY_KIND_NAMES, AgencyKind),
        (RESULT_STATE_NAMES, ResultState),
        (VALIDITY_NAMES, Validity),
    ],
)
def test_each_has_a_name_of_its_own(names: Mapping[StrEnum, Text], kind: type[StrEnum]) -> None:
    assert set(names) == set(kind)
    assert len({name.vi for name in names.values()}) == len({name.en for name in names.values()}) == len(kind)


def test_a_list_of_none_is_said_too() -> None:
    assert listed(ROLE_NAMES, (Role.CASHIER, Role.TEAM_LEAD)).vi == "cán bộ thu phí, phụ trách Bộ phận Một cửa"
    assert listed(ROLE_NAMES, ()) == Text(vi="-", en="-")


def refusals() -> Iterator[str]:
    for place in situations():
        for role in Role:
            for kind in PUBLIC_KINDS:
                why = check(place.story.filing, kind, place.actor(role), place.story.now)
                if why is not None:
                    yield why.message.vi


def test_no_code_stands_in_a_vietnamese_sentence() -> None:
    said = set(refusals())
    assert len(said) > 30
    found = {sentence: CODES & set(re.findall(r"[a-z_]+", sentence)) for sentence in said}
    assert {sentence: codes for sentence, codes in found.items() if codes} == {}


@pytest.mark.parametrize(
    ("text", "limit", "vi", "en"),
    [
        ("5 ngày làm việc", "5 working days", "5 ngày làm việc", "5 working days"),
        ("1 giờ làm việc", "1 working hours", "1 giờ làm việc", "1 working hour"),
        ("30 ngày", "30 calendar days", "30 ngày", "30 calendar days"),
        ("1 calendar day", "1 calendar days", "1 ngày", "1 calendar day"),
        ("7 giây", "7 seconds", "7 giây", "7 seconds"),
    ],
)
def test_a_limit_is_written_in_either_language(text: str, limit: str, vi: str, en: str) -> None:
    read = Limit.model_validate(text)
    assert (str(read), read.words) == (limit, Text(vi=vi, en=en))


@pytest.mark.parametrize("text", ["5 ngay lam viec", "5 ngày  làm việc", "ngày làm việc", "-1 ngày", "5 tuần"])
def test_what_is_no_limit_is_none_in_vietnamese_either(text: str) -> None:
    with pytest.raises(ValueError, match="a time limit is one of"):
        Limit.model_validate(text)


ALL = {"online", "counter", "post"}
PAPER = {"counter", "post"}


@pytest.mark.parametrize(
    ("level", "channels", "signature", "service", "name"),
    [
        (1, [PAPER, PAPER, PAPER, PAPER], False, "cung_cap_thong_tin", "Mức độ 1: cung cấp thông tin"),
        (2, [PAPER, PAPER, PAPER, PAPER], False, "cung_cap_thong_tin", "Mức độ 2: cung cấp thông tin và biểu mẫu"),
        (3, [ALL, PAPER, PAPER, ALL], False, "mot_phan", "Mức độ 3: một phần"),
        (4, [ALL, ALL, ALL, ALL], True, "toan_trinh", "Mức độ 4: toàn trình"),
    ],
)
def test_the_capabilities_of_a_level(
    level: int, channels: list[set[str]], service: str, name: str, *, signature: bool
) -> None:
    """By which channels one files, pays, gets the result and supplements."""
    can = CAPABILITIES[Level(level)]
    assert [set(part) for part in (can.filing, can.fee, can.result, can.supplement)] == channels
    assert (can.signature, str(can.service), can.name.vi) == (signature, service, name)


def test_every_level_has_its_row() -> None:
    assert CAPABILITIES.keys() == {*Level}
