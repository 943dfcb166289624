"""The authorisation of a representative (giấy ủy quyền): its principal, its scope, its validity."""

from pydantic import Field

from ..base import Line
from ..files import FileRef
from ..people import IdNumber
from ..publishing.calendar import Day
from ..publishing.procedure import ProcedureCode

__all__ = ["Authorisation"]


class Authorisation(FileRef):
    """The file of an authorisation with its content, so that it is checked like any paper.

    `principal` is the citizen number of the applicant, or the enterprise number of an organisation, that gives the
    authorisation. `id_number` and `representative` are the number and the name of the authorised person. It is valid in
    Vietnam from `valid_from` to `valid_until`, both included; without one of them, that end is open. `scope` lists the
    procedures for which it is valid; if empty, it is valid for all filings of the applicant.
    """

    principal: IdNumber | None = None
    """citizen or enterprise number of the authorising party: the applicant's"""
    id_number: IdNumber | None = None
    """citizen or enterprise number of the representative"""
    representative: Line | None = None
    """full name of the representative"""
    valid_from: Day | None = None
    """first day in Vietnam on which it is in force; not set: no first day"""
    valid_until: Day | None = None
    """last day in Vietnam on which it is in force; not set: without end"""
    scope: tuple[ProcedureCode, ...] = Field(default=(), max_length=100)
    """codes of the procedures for which it is valid; empty: for all filings of the applicant"""
