"""The desks that receive a filing and return its result, if they are not those of the deciding agency."""

from collections.abc import Iterator

from schemas.base import AgencyCode
from schemas.errors import Problem, problem
from schemas.filing.state import Filing
from schemas.filing.submission import Submission
from schemas.level import Channel
from schemas.people import Role


def agencies(filing: Filing, role: Role) -> tuple[AgencyCode, ...]:
    """The agencies whose officers in this role may act on the filing now; the first has the filing in its queue.

    The receiving desk accepts the filing. Afterwards it may still act on the applicant's behalf, like the agency's own
    desk.
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
