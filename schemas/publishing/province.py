"""The differences of one province from the procedures of the whole country: its fees, its own procedures, its desks."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ..base import AgencyCode, Model, StrictModel, Text, Version
from .calendar import Day
from .fact import Fact
from .fee import FeeRule
from .procedure import ProcedureCode

__all__ = ["DeskRule", "OwnProcedure", "ProvinceOverlay"]

ProvinceCode = Annotated[str, StringConstraints(max_length=3, pattern=r"^[A-Z][0-9]{2}$")]
"""A province by its code of the first level (QĐ 20/2020/QĐ-TTg): `H24`."""


class OwnProcedure(Fact):
    """A procedure that only this province has: its code ends with the province's code."""

    code: ProcedureCode
    """code of the procedure, which ends with the province's code"""


class DeskRule(Fact):
    """A desk that receives filings for other agencies, or for its whole province (`"*"`), and hands over results."""

    agency: AgencyCode
    """code of the desk's agency"""
    receives_for: tuple[AgencyCode | Literal["*"], ...] = Field(min_length=1)
    """codes of the agencies for which the desk receives filings; * for all agencies of the province"""


class ProvinceOverlay(StrictModel):
    """One version of a province's own desks, fees and procedures.

    `checked` is the day on which these facts were last compared with their sources. `fees` has, by the procedure's
    code, the whole fee in this province, which replaces the fee in the procedure.
    """

    province: ProvinceCode
    """code of the province"""
    version: Version
    checked: Day
    """day of the last comparison of the whole file with its sources"""
    name: Text
    """name of the province, in both languages"""
    fees: dict[ProcedureCode, FeeRule] = Field(default_factory=dict)
    """whole fee in this province, by the code of the procedure"""
    own: tuple[OwnProcedure, ...] = ()
    """the procedures that only this province has"""
    desks: tuple[DeskRule, ...] = ()
    """desks that receive filings for other agencies; empty if no desk does"""


class Province(Model):
    """A province by its code and its name."""

    province: ProvinceCode
    name: Text
