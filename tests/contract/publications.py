"""An event of each kind of what is published, with every field filled."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from schemas.base import Text
from schemas.publishing import events as pe

_NAME: Final = Text(vi="Phường Hồng Hà", en="Hong Ha Ward")
_SHA256: Final = "0" * 64
_EVERY: Final[dict[str, Any]] = {"taken_over": True, "asked": 3}
_OFFICER: Final = {"agency": "H01.12", "subject": "h01.12-leader-1"}
_ABSENCE: Final[dict[str, Any]] = _OFFICER | {"role": "leader", "first_day": date(2026, 12, 1)}

PUBLICATIONS: Final[tuple[pe.PublicationEvent, ...]] = (
    pe.ProcedurePublished(
        procedure="1.001193",
        version="2026-12.H01.1",
        sha256=_SHA256,
        source="code: 1.001193\n",
        rules="{}",
        demo=True,
        valid_from=date(2026, 12, 1),
        valid_until=date(2027, 12, 1),
        province="H01",
        base="2026-12",
        **_EVERY,
    ),
    pe.ProvincePublished(
        province="H01", version="1", name=_NAME, own=("1.001193",), sha256=_SHA256, source="province: H01\n", **_EVERY
    ),
    pe.CalendarPublished(
        name="vn@2026.3",
        sha256=_SHA256,
        source="code: vn\n",
        days=(pe.CalendarDays(agency="H01.12", body="{}"),),
        **_EVERY,
    ),
    pe.TemplatePublished(agency="H01.12", paper="receipt", procedure="*", sha256=_SHA256, source="#law", **_EVERY),
    pe.AgencyEntered(
        agency="H01.12",
        name=_NAME,
        namespace="default",
        queue="backoffice",
        agency_kind="commune",
        province="H01",
        receives_for=("H01.13",),
        signing=({"place": "seal", "officer": "h01.12-leader-1", "role": "leader", "number": "001080000777"},),
        seal="0101234567",
        receipts=pe.Series(phi="BLP", le_phi="BLLP", issuer="own"),
        merchants=("bank",),
        tills=True,
        **_EVERY,
    ),
    pe.OfficerEntered(
        roles=("leader",), active=True, name="Trần Văn Bình", number="001080000777", **_OFFICER, **_EVERY
    ),
    pe.OfficerErased(agency="H01.12", subject="h01.12-leader-9", roles=("leader",), reason="15/PYC", **_EVERY),
    pe.AbsenceRecorded(last_day=date(2026, 12, 9), substitute="h01.12-leader-2", **_ABSENCE, **_EVERY),
    pe.AbsenceWithdrawn(**_ABSENCE, **_EVERY),
    pe.PublicationAsked(events=('{"kind":"absence_withdrawn"}',), personal=({},), **_EVERY),
    pe.PublicationApproved(**_EVERY),
    pe.PublicationDeclined(reason="chưa có quyết định", **_EVERY),
    pe.TwoRequired(on=True, **_EVERY),
)
