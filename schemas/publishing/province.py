"""What differs in a province from the procedures of the whole country: its fees, its own procedures, its desks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ..base import AgencyCode, Model, StrictModel, Text, Version
from .calendar import Day
from .fact import Fact
from .fee import FeeRule
from .procedure import ProcedureCode

ProvinceCode = Annotated[str, StringConstraints(max_length=3, pattern=r"^[A-Z][0-9]{2}$")]
"""A province by its code of the first level (QĐ 20/2020/QĐ-TTg): `H24`."""


class OwnProcedure(Fact):
    """A procedure that only this province has: its code ends with that of the province."""

    code: ProcedureCode


class DeskRule(Fact):
    """A desk that receives for these other agencies, or for all of its province (`"*"`), and hands over the results."""

    agency: AgencyCode
    receives_for: tuple[AgencyCode | Literal["*"], ...] = Field(min_length=1)


class ProvinceOverlay(StrictModel):
    """What a province has of its own, one version of it, and the day on which its facts were last checked.

    The fee of a procedure here is the whole fee in this province: it takes the place of the one in the procedure.
    """

    province: ProvinceCode
    version: Version
    checked: Day
    name: Text
    fees: dict[ProcedureCode, FeeRule] = Field(default_factory=dict)
    own: tuple[OwnProcedure, ...] = ()
    desks: tuple[DeskRule, ...] = ()


class Province(Model):
    """A province by its code and its name."""

    province: ProvinceCode
    name: Text
