"""The authorisation of a representative (giấy ủy quyền): its principal, its scope, its validity."""

from __future__ import annotations

from pydantic import Field

from ..base import Line
from ..files import FileRef
from ..people import IdNumber
from ..publishing.calendar import Day
from ..publishing.procedure import ProcedureCode

__all__ = ["Authorisation"]


class Authorisation(FileRef):
    """The file of an authorisation, with what it says, so that it is checked like any paper.

    `principal` is who has authorised: the applicant, by citizen number, or an organisation by its enterprise number.
    `id_number` and `representative` are number and name of whoever may act for them, on the days in Vietnam from
    `valid_from` to `valid_until`, both included; an end that is left out is open. `scope` names the procedures it is
    for; none: whatever the applicant files.
    """

    principal: IdNumber | None = None
    """citizen or enterprise number of who has authorised them: the applicant's"""
    id_number: IdNumber | None = None
    """citizen or enterprise number of the representative"""
    representative: Line | None = None
    """full name of the representative"""
    valid_from: Day | None = None
    """first day in Vietnam on which it is in force; not there: since ever"""
    valid_until: Day | None = None
    """last day in Vietnam on which it is in force; not there: without end"""
    scope: tuple[ProcedureCode, ...] = Field(default=(), max_length=100)
    """codes of the procedures that it is for; empty: for whatever the applicant files"""
