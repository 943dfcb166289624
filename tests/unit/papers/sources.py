"""What papers are made of: filings of a published procedure, each as far as the event that causes a paper."""

from __future__ import annotations

from typing import Any, Final

from rules.filing import lifecycle
from schemas.base import Text
from schemas.papers import PaperKind
from schemas.papers_sheet import Letterhead, PaperSource
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import rules_of
from tests.unit.filing import lives
from tests.unit.filing.lives import RECEPTION, Life
from tests.unit.forms.dossiers import MARKED, RESIDENCE, RESIDENCE_FILE, procedure

RESIDENCE_PROCEDURE: Final = procedure(RESIDENCE_FILE)
TRACKING: Final = "https://dichvucong.example.gov.vn/tra-cuu?ma={code}"
AGENCIES: Final = {
    lives.AGENCY: Letterhead(
        name=Text(vi="Công an phường Hồng Hà", en="Hong Ha Ward Police"),
        parent=Text(vi="Công an thành phố Hà Nội", en="Ha Noi City Police"),
        place=Text(vi="Hà Nội", en="Ha Noi"),
    ),
    lives.DESK: Letterhead(
        name=Text(vi="Trung tâm Phục vụ hành chính công thành phố Hà Nội", en="Ha Noi Public Administration Centre"),
        parent=Text(vi="Ủy ban nhân dân thành phố Hà Nội", en="Ha Noi People's Committee"),
        place=Text(vi="Hà Nội", en="Ha Noi"),
    ),
}
OFFICERS: Final = {f"{role}-1": f"{MARKED[:28]} {role}" for role in ("reception", "specialist", "leader", "handover")}
CODE: Final = "H01.12-20261125-0000001"
_FILE: Final = {"key": "files/a", "sha256": "0" * 64, "size": 5}
_RESIDENCE: Final = RESIDENCE | {
    "agency": lives.AGENCY,
    "authorisation": None,
    "papers": [{"code": "declaration", "file": _FILE}, {"code": "owner_consent", "file": _FILE}],
}


class Filed(Life):
    """The life of a filing of a published procedure, its dossier code like a real one."""

    def __init__(self, of: Procedure = RESIDENCE_PROCEDURE, **changes: Any) -> None:
        self.of = of
        self.states: list[Any] = []
        super().__init__(rules_of(of, "a" * 64), **(_RESIDENCE | changes))

    def source(self, kind: str, **changes: Any) -> PaperSource:
        """As the last event of this kind causes a paper."""
        upto = max(n for n, one in enumerate(self.log, 1) if one.event.kind == kind)
        state = before = self.blank
        for recorded in self.log[:upto]:
            before, state = state, lifecycle.evolve(state, recorded)
        facts: dict[str, Any] = {
            "events": tuple(self.log[:upto]),
            "filing": state.model_copy(update={"code": CODE}),
            "procedure": self.of,
            "agencies": AGENCIES,
            "officers": OFFICERS,
            "tracking": TRACKING,
            "before": before,
        }
        return PaperSource(**(facts | changes))

    @property
    def blank(self) -> Any:
        """The filing before anything had happened."""
        return self.filing.__class__(
            filing_id=self.filing.filing_id,
            agency=self.filing.agency,
            procedure=rules_of(self.of, "a" * 64),
            calendar=lives.CALENDAR,
            level=1,
        )


def accepted(**changes: Any) -> Filed:
    """A filing that was taken in."""
    filed = Filed(**changes)
    filed.accepted()
    return filed


def asked(*targets: tuple[str, str], **changes: Any) -> Filed:
    """A filing at its intake that lacks these."""
    filed = Filed(**changes)
    filed.asked(RECEPTION, *targets)
    return filed


def paper_sources() -> dict[PaperKind, PaperSource]:
    """One of each kind."""
    return {
        PaperKind.RECEIPT: accepted().source("accepted"),
        PaperKind.SUPPLEMENT: asked(("paper", "owner_consent"), ("field", "address")).source("supplement_requested"),
    }
