"""The agencies of a filing: those that can decide it, and the desks that receive it and return its result."""

from collections.abc import Iterable, Iterator

from schemas.base import AgencyCode
from schemas.errors import Problem, problem
from schemas.filing.events import Partner
from schemas.filing.state import Filing
from schemas.filing.submission import Submission
from schemas.level import Channel
from schemas.names import AGENCY_KIND_NAMES, listed
from schemas.people import Role
from schemas.publishing.fact import AgencyKind, AgencyName
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.publishing.province import Province
from schemas.translate import joined, said


def not_competent(kinds: Iterable[AgencyKind], deciding: tuple[AgencyName, ...]) -> Problem:
    """The problem of an agency that can't decide: only these `kinds` can. It names the `deciding` agencies."""
    names = listed(AGENCY_KIND_NAMES, kinds)
    if not deciding:
        return problem("agency", "not_competent", says="nobody_competent", names=names)
    agencies = joined(said("agency_and_its_name", agency=one.agency, name=one.name) for one in deciding)
    return problem("agency", "not_competent", names=names, agencies=agencies)


def of_another_province(province: Province | None) -> Iterator[Problem]:
    """The problem of a procedure that only another `province` has; none if `province` is None."""
    if province is not None:
        yield problem("agency", "only_in_province", province=province.province, name=province.name)


def without_partner(procedure: ProcedureRules, partners: Iterable[Partner]) -> Iterator[Problem]:
    """The problem of each part for which the directory has no agency near enough."""
    found = {partner.part for partner in partners}
    for _, part in procedure.referred:
        if part.code not in found:
            yield problem("agency", "no_partner", part=part.code, names=listed(AGENCY_KIND_NAMES, part.kinds))


def agencies(filing: Filing, role: Role) -> tuple[AgencyCode, ...]:
    """The agencies whose officers in this role may act on the filing now; the first has the filing in its queue.

    The receiving desk accepts the filing, and may act on the applicant's behalf afterwards.
    """
    taken_in = filing.accepted_at is not None
    match role:
        case Role.RECEPTION:
            return (filing.receiving, filing.agency) if taken_in else (filing.receiving,)
        case Role.CASHIER:
            return (filing.receiving, filing.agency)
        case Role.HANDOVER:
            return (filing.returning,)
        case Role.TEAM_LEAD:
            return (filing.agency,) if taken_in else (filing.receiving,)
        case _:
            return (filing.agency,)


def desk_problems(submission: Submission, no_desks: tuple[AgencyCode, ...]) -> Iterator[Problem]:
    """The problems of a submission's desks. `no_desks` are the agencies that may not receive filings for its agency."""
    if submission.desk is not None and submission.channel is Channel.ONLINE:
        yield problem("desk", "desk_takes_paper")
    named = {"desk": submission.desk, "result_desk": submission.result_desk}
    for field, agency in named.items():
        if agency in no_desks:
            yield problem(field, "may_not_receive", agency=agency, served=submission.agency)
