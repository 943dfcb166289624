"""The kinds of agencies in a cell."""

import re
from typing import Final

from publishing.drafting.cells import CellError, folded
from schemas.publishing.agency import AgencyKind

_COUNCIL: Final = r"(ubnd|uy ban nhan dan|uy ban|people.s committee)"
_KINDS: Final = (
    (AgencyKind.COMMUNE_POLICE, r"cong an (cap )?(xa|phuong|dac khu)|commune police"),
    (AgencyKind.PROVINCE_POLICE, r"cong an (cap )?(tinh|thanh pho)|province police"),
    (AgencyKind.COMMUNE, rf"{_COUNCIL} (cap )?(xa|phuong|dac khu)|cap xa|commune"),
    (AgencyKind.LAND_OFFICE, r"(chi nhanh )?(van phong dang ky dat dai|vpdkdd)|land office"),
    (AgencyKind.SOCIAL_INSURANCE, r"(co quan )?(bao hiem xa hoi|bhxh)|social insurance"),
    (AgencyKind.TAX, r"(co quan|cuc|chi cuc) thue|thue (tinh|thanh pho|co so)|tax office"),
    (AgencyKind.ONE_STOP_CENTRE, r"trung tam phuc vu hanh chinh cong|one-stop centre"),
    (AgencyKind.PROVINCE_DEPARTMENT, rf"so |ban quan ly|{_COUNCIL} (cap )?(tinh|thanh pho)|province department"),
    (AgencyKind.MINISTRY, r"bo |ministry"),
)
_COMMUNES: Final = re.compile(r"xa(?:(?:, ?| ?/ ?| va | hoac )(?:phuong|dac khu|thi tran))+")
_DISTRICT: Final = re.compile(rf"cap huyen|({_COUNCIL}|cong an) (huyen|quan|thi xa)\b")


def kinds_of(cell: str) -> list[AgencyKind]:
    """The kinds of the agencies in a cell; none if the kind of one of them is unknown. Raises `CellError`."""
    words = _COMMUNES.sub("xa", folded(cell))
    if _DISTRICT.search(words):
        raise CellError("agency_abolished")
    parts = [part.strip() for part in re.split(r"[;,/\n]| hoac | va (?=ubnd|uy ban|cong an|so |bo )", words)]
    found = [next((kind for kind, pattern in _KINDS if re.match(pattern, f"{part} ")), None) for part in parts if part]
    return list(dict.fromkeys(kind for kind in found if kind)) if all(found) else []
