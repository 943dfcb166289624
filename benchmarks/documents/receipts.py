"""The sources of receipts: accepted filings, each with its own name and code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from publishing.authoring.procedures import check_bytes
from rules.require import require
from rules.wording.rule_words import filled
from schemas.base import Text
from schemas.filing.events import Accepted, Clock
from schemas.filing.state import ClockState, Filing
from schemas.papers.sheet import Letterhead, PaperSource
from schemas.people import Actor, Role
from schemas.publishing.calendar import Calendar, Hours
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import rules_of
from schemas.stream.ledger import Recorded

AT: Final = datetime(2026, 11, 27, 3, tzinfo=UTC)
"""The moment at which all the filings were accepted."""
_FILE: Final = Path(__file__).parents[2] / "procedures" / "1.004222@2026-12.yaml"
_AGENCY: Final = "H01.12"
_OFFICER: Final = Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency=_AGENCY)
_LETTERHEAD: Final = Letterhead(
    name=Text(vi="Ủy ban nhân dân phường Hồng Hà", en="Hong Ha Ward People's Committee"),
    parent=Text(vi="Ủy ban nhân dân thành phố Hà Nội", en="Ha Noi People's Committee"),
    place=Text(vi="Hà Nội", en="Ha Noi"),
)
_FAMILIES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ")
_NAMES: Final = ("An", "Bích", "Cường", "Dũng", "Hạnh", "Khánh", "Lộc", "Mỹ", "Ngọc", "Phượng", "Quỳnh", "Thủy", "Yến")


def receipts(series: str, first: int, last: int) -> Iterator[PaperSource]:
    """Yields the sources of the receipts numbered `first` to `last` - 1. Each `series` has its own codes and names."""
    return (_source(series, n) for n in range(first, last))


def _source(series: str, n: int) -> PaperSource:
    family, name = _FAMILIES[n % len(_FAMILIES)], _NAMES[n // len(_FAMILIES) % len(_NAMES)]
    applicant = {
        "subject": f"{series}-{n}",
        "name": f"{family} Thị {series} {name} {n}",
        "id_number": f"0010990{n:05}",
        "phone": f"0912 {n // 1000:03} {n % 1000:03}",
    }
    return PaperSource(
        events=(Recorded(seq=2, at=AT, command_id="accept", actor=_OFFICER, event=Accepted()),),
        filing=Filing.model_validate(_facts() | {"code": f"H01.12{series}-20261127-{n:07}", "applicant": applicant}),
        procedure=_procedure(),
        agencies={_AGENCY: _LETTERHEAD},
        officers={_OFFICER.subject: "Nguyễn Thị Mai"},
        tracking="https://dichvucong.example.gov.vn/tra-cuu?ma={code}",
    )


@cache
def _facts() -> dict[str, Any]:
    rules = rules_of(_procedure(), "0" * 64)
    clock = ClockState(
        clock=Clock.PROCESSING, limit=rules.limits.processing, started=AT, due=AT + timedelta(days=11, hours=7)
    )
    week = ((Hours(open=450, close=1020),),) * 5 + ((), ())
    calendar = {"code": "vn", "version": "1", "valid_from": "2026-01-01", "valid_until": "2027-12-31", "week": week}
    return {
        "filing_id": UUID(int=1),
        "agency": _AGENCY,
        "procedure": rules,
        "calendar": Calendar.model_validate(calendar),
        "seq": 2,
        "papers": [{"code": "declaration"}, {"code": "owner_consent"}, {"code": "exemption_proof"}],
        "submitted_at": AT,
        "accepted_at": AT,
        "clocks": {Clock.PROCESSING: clock},
    }


@cache
def _procedure() -> Procedure:
    return filled(require(check_bytes(_FILE.read_bytes()).procedure))
