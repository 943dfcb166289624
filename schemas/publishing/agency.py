"""The kinds of agencies, and an agency's name."""

from enum import StrEnum

from ..base import AgencyCode, Model, Text


class AgencyKind(StrEnum):
    """The kinds of agencies, by which a procedure names the ones that decide it."""

    COMMUNE = "commune"
    COMMUNE_POLICE = "commune_police"
    PROVINCE_DEPARTMENT = "province_department"
    PROVINCE_POLICE = "province_police"
    LAND_OFFICE = "land_office"
    TAX = "tax"
    SOCIAL_INSURANCE = "social_insurance"
    ONE_STOP_CENTRE = "one_stop_centre"
    MINISTRY = "ministry"


class AgencyName(Model):
    """An agency by its code and its name."""

    agency: AgencyCode
    name: Text
