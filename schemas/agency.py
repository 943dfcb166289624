"""What kinds of agencies there are, and how one is named."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from .base import AgencyCode, Model, Text


class AgencyKind(StrEnum):
    """By which a procedure says who decides it."""

    COMMUNE = "commune"
    COMMUNE_POLICE = "commune_police"
    PROVINCE_DEPARTMENT = "province_department"
    PROVINCE_POLICE = "province_police"
    LAND_OFFICE = "land_office"
    TAX = "tax"
    ONE_STOP_CENTRE = "one_stop_centre"
    MINISTRY = "ministry"


AGENCY_KIND_NAMES: Final[dict[AgencyKind, Text]] = {
    AgencyKind.COMMUNE: Text(vi="Ủy ban nhân dân cấp xã", en="commune people's committee"),
    AgencyKind.COMMUNE_POLICE: Text(vi="Công an cấp xã", en="commune police"),
    AgencyKind.PROVINCE_DEPARTMENT: Text(vi="sở, ban, ngành cấp tỉnh", en="department of the province"),
    AgencyKind.PROVINCE_POLICE: Text(vi="Công an cấp tỉnh", en="province police"),
    AgencyKind.LAND_OFFICE: Text(vi="Văn phòng đăng ký đất đai", en="land registration office"),
    AgencyKind.TAX: Text(vi="cơ quan thuế", en="tax office"),
    AgencyKind.ONE_STOP_CENTRE: Text(vi="Trung tâm Phục vụ hành chính công", en="one-stop centre"),
    AgencyKind.MINISTRY: Text(vi="bộ, cơ quan ngang bộ", en="ministry"),
}


class AgencyName(Model):
    """An agency by its code and its name."""

    agency: AgencyCode
    name: Text
