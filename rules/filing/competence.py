"""Competence: a filing at an agency that can't decide it is refused, with the names of the agencies that can."""

from collections.abc import Iterable, Iterator

from schemas.errors import Problem, problem
from schemas.filing.events import Partner
from schemas.names import AGENCY_KIND_NAMES, listed
from schemas.publishing.agency import AgencyKind, AgencyName
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.publishing.province import Province
from schemas.translate import joined, said


def not_competent(kinds: Iterable[AgencyKind], deciding: tuple[AgencyName, ...]) -> Problem:
    """The problem of an agency of none of these `kinds`, with the competent agencies, the nearest first."""
    names = listed(AGENCY_KIND_NAMES, kinds)
    if not deciding:
        return problem("agency", "not_competent", says="nobody_competent", names=names)
    agencies = joined(said("agency_and_its_name", agency=one.agency, name=one.name) for one in deciding)
    return problem("agency", "not_competent", names=names, agencies=agencies)


def of_another_province(province: Province | None) -> Iterator[Problem]:
    """The problem of a procedure that only this other `province` has; none if `province` is None."""
    if province is not None:
        yield problem("agency", "only_in_province", province=province.province, name=province.name)


def without_partner(procedure: ProcedureRules, partners: Iterable[Partner]) -> Iterator[Problem]:
    """The problem of each part for which the directory has no agency near enough."""
    found = {partner.part for partner in partners}
    for _, part in procedure.referred:
        if part.code not in found:
            names = listed(AGENCY_KIND_NAMES, part.kinds)
            yield problem("agency", "no_partner", part=part.code, names=names)
