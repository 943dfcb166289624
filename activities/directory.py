"""Lookups in the directory: the agencies that decide a procedure and its parts, and the desks that receive for them."""

from typing import Final

from activities.ledger.database import Connection
from schemas.base import AgencyCode, Text
from schemas.filing.events import Partner
from schemas.publishing.agency import AgencyKind, AgencyName
from schemas.publishing.procedure_rules import ProcedureRules

_DECIDING: Final = """
select agency, name_vi as vi, name_en as en from agency
where kind = any($1) order by province is distinct from (select province from agency where agency = $2), agency limit $3
"""
_SO_MANY: Final = 5
"""The maximum number of agencies named to an applicant who filed with the wrong agency."""


async def deciding(
    connection: Connection, agency: str, kind: str | None, procedure: ProcedureRules | None
) -> tuple[AgencyName, ...] | None:
    """Returns the agencies that decide the procedure, the same province first; None if this agency may decide it.

    None also if the directory does not record this agency's kind.
    """
    if kind is None or procedure is None or not procedure.decided_by or kind in procedure.decided_by:
        return None
    rows = await connection.fetch(_DECIDING, list(procedure.decided_by), agency, _SO_MANY)
    return tuple(AgencyName(agency=code, name=Text(vi=vi, en=en)) for code, vi, en in rows)


_NO_DESKS: Final = """
select named.desk from unnest($2::text[]) as named (desk) where named.desk <> $1 and not exists (
    select from agency as desk join agency as served on served.agency = $1
    where desk.agency = named.desk and (
        served.agency = any(desk.receives_for) or ('*' = any(desk.receives_for) and desk.province = served.province)
    )
)
"""


async def no_desks(connection: Connection, agency: str, desks: tuple[str, ...]) -> tuple[AgencyCode, ...]:
    """Returns the desks that, by the directory, may not receive for this agency."""
    rows = await connection.fetch(_NO_DESKS, agency, list(desks)) if desks else ()
    return tuple(row["desk"] for row in rows)


_PARTNERS: Final = f"""
select distinct on (n) part, other.agency
from unnest($2::text[], $3::text[]) with ordinality as wanted (part, kinds, n)
join agency as own on own.agency = $1
join agency as other on other.kind = any(string_to_array(kinds, ' ')) and other.agency <> own.agency
    and (other.province is not distinct from own.province or other.kind = '{AgencyKind.MINISTRY}')
order by n, other.province is distinct from own.province, other.agency
"""  # noqa: S608 -- an enum value of our own
"""Finds, for each part, the agency that decides it: one in the same province, or else a ministry.

A ministry serves all provinces.
"""


async def partners(connection: Connection, agency: str, procedure: ProcedureRules | None) -> tuple[Partner, ...]:
    """Returns the agencies that decide the parts of a procedure that are referred to others."""
    parts = [] if procedure is None else [part for _, part in procedure.referred]
    if not parts:
        return ()
    kinds = [" ".join(part.kinds) for part in parts]
    rows = await connection.fetch(_PARTNERS, agency, [part.code for part in parts], kinds)
    return tuple(Partner(part=part, agency=other) for part, other in rows)
