"""Facts of the catalogue that were stale or wrong once, each with the value that its source gives."""

from functools import cache, reduce
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.walking import walked

PROCEDURES: Final = Path(__file__).parents[3] / "procedures"

KARAOKE: Final = "1.001029.000.00.00.H29"
LICENCE: Final = "3.000347"
EXTRACT: Final = "2.000635"
HOUSEHOLD: Final = "1.001612"
MARRIAGE: Final = "1.000894"
BIRTH: Final = "1.001193"
JOINED: Final = "2.000986"
RESIDENCE: Final = "1.004222"
RECORD: Final = "3.000333"
STATUS: Final = "1.004873"
ADVERTISING: Final = "1.004645"
CONTRACT: Final = "2.001035"
BUILDING: Final = "1.013225"

ORIGIN: Final = ("ethnicity", "nationality")
NQ_66_22: Final = "fee.waivers.nq_66_22"
INTEGRATED: Final = [{"channel": "online"}, {"applicant": "person"}, {"field": "vneid_papers", "at_least": 5}]

FACTS: Final[list[tuple[str, str, object]]] = [
    (KARAOKE, "fee.items.appraisal.amount", 1_000_000),
    (KARAOKE, "fee.items.appraisal.maximum", 6_000_000),
    (KARAOKE, "fee.items.appraisal.per", "rooms"),
    (KARAOKE, "fee.items.appraisal.valid_from", "2026-01-05"),
    (KARAOKE, "fee.cash", False),
    (KARAOKE, "partial.reason", "on_site"),
    (LICENCE, "fee.items.licence.amount", 135_000),
    (LICENCE, "fee.items.licence.valid_from", "2026-01-01"),
    (LICENCE, "papers.health_certificate.replaced_by", "health"),
    (EXTRACT, "fee.items.extract.amount", 8_000),
    (EXTRACT, "fee.items.extract.name.vi", "Phí khai thác, sử dụng thông tin trong cơ sở dữ liệu hộ tịch"),
    (EXTRACT, "fee.items.extract.source", "TT 281/2016/TT-BTC; NQ 66.22/2026/NQ-CP phụ lục"),
    (HOUSEHOLD, "signature.required", True),
    (HOUSEHOLD, "signature.unless", [{"field": "authenticated_by", "one_of": ["business_account"]}]),
    (HOUSEHOLD, "supplement.limit", "60 calendar days"),
    (HOUSEHOLD, "fee.refunds.refused.percent", 0),
    (HOUSEHOLD, "papers.identity.replaced_by", "population"),
    (MARRIAGE, "limits.processing", "0 working days"),
    (MARRIAGE, "limits.cut_off", "15:00"),
    (MARRIAGE, "cases.verified.processing", "5 working days"),
    (MARRIAGE, "partial.reason", "presence"),
    (MARRIAGE, "papers.marital_status.replaced_by", "civil_status"),
    *((MARRIAGE, f"form.{one}_party_{what}.kind", "text") for one in ("first", "second") for what in ORIGIN),
    *((code, f"form.child_{what}.kind", "text") for code in (BIRTH, JOINED) for what in ORIGIN),
    *((BIRTH, f"form.{one}_{what}.required", False) for one in ("mother", "father") for what in ORIGIN),
    (BIRTH, "fee.items.late.when", [{"field": "child_birth_date", "at_least_days_ago": 61}]),
    (BIRTH, "fee.waivers.social.evidence", "exemption_proof"),
    (RESIDENCE, "fee.items.online_filing.amount", 10_000),
    (RESIDENCE, "fee.items.counter_filing.amount", 20_000),
    (RESIDENCE, "fee.waivers.hardship.evidence", "exemption_proof"),
    (RECORD, "fee.items.ordinary.amount", 200_000),
    (RECORD, "fee.items.reduced.amount", 100_000),
    (RECORD, "fee.items.reduced.when", [{"field": "category", "one_of": ["student", "merit"]}]),
    (RECORD, "fee.waivers.hardship.evidence", "exemption_proof"),
    (STATUS, "limits.processing", "3 working days"),
    (STATUS, "cases.verified.processing", "6 working days"),
    (ADVERTISING, "figures.ahead.amount", 15),
    (ADVERTISING, "figures.ahead.unit", "calendar days"),
    (ADVERTISING, "limits.processing", "5 working days"),
    (CONTRACT, "limits.processing", "2 working days"),
    (BUILDING, "papers.land_paper.replaced_by", "land"),
    *((code, f"{NQ_66_22}.when", INTEGRATED) for code in (EXTRACT, LICENCE, RESIDENCE, RECORD)),
    *((code, f"{NQ_66_22}.valid_from", "2026-08-15") for code in (EXTRACT, LICENCE, RESIDENCE, RECORD)),
    *((code, f"{NQ_66_22}.valid_until", "2027-02-28") for code in (EXTRACT, LICENCE, RESIDENCE, RECORD)),
]

NOT_THERE: Final = [(KARAOKE, "form.place"), (STATUS, "extension")]

LAWS: Final = [
    (KARAOKE, "TT 110 của Bộ Tài chính, hiệu lực từ 5/1/2026"),
    (LICENCE, "TT 154/2025/TT-BTC, hiệu lực từ 1/1/2026"),
    (CONTRACT, "NĐ 280/2025/NĐ-CP"),
    (RECORD, "hiệu lực từ 1/7/2026"),
    (EXTRACT, "TT 281/2016/TT-BTC"),
]
STALE: Final = [
    (EXTRACT, "NĐ 23/2015"),
    (LICENCE, "115000"),
    (RECORD, "Lý lịch tư pháp, Đ48"),
    (KARAOKE, "source: TT 212/2016"),
]


@cache
def text(code: str) -> str:
    """The newest file of a procedure that is in force in December 2026."""
    return max(PROCEDURES.glob(f"{code}@2026*.yaml")).read_text("utf-8")


def said(code: str, path: str) -> Any:
    """What stands at `path`, where entries of a list go by their code or case; None where nothing does."""
    return reduce(_at, path.split("."), yaml.safe_load(text(code)))


def _at(part: Any, key: str) -> Any:
    if isinstance(part, list):
        return next((entry for entry in part if key in (entry.get("code"), entry.get("case"))), None)
    return None if part is None else part.get(key)


@walked(("code", "path", "value"), FACTS, exactly=62)
def test_a_fact_is_as_its_source_has_it(code: str, path: str, value: object) -> None:
    assert said(code, path) == value


@pytest.mark.parametrize(("code", "path"), NOT_THERE)
def test_what_the_law_does_not_have_is_not_there(code: str, path: str) -> None:
    assert said(code, path) is None


@pytest.mark.parametrize(("code", "law"), LAWS)
def test_the_law_in_force_is_named(code: str, law: str) -> None:
    assert any(law in basis for basis in said(code, "legal_basis"))


@pytest.mark.parametrize(("code", "stale"), STALE)
def test_what_is_no_longer_so_is_not_said(code: str, stale: str) -> None:
    assert stale not in text(code)
