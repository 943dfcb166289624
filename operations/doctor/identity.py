"""The checks of registered programs: signed statements, clocks, and keys as recorded."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from activities.ledger.authority.principals import OFF_BY, Registered, registered
from console.comparing import listed
from motcua.connection import configured_address
from motcua.errors import MotcuaError
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from operations.doctor.engine.codec import is_loopback
from operations.principals.fold import differences
from rules.identity.statements import LEEWAY
from schemas.identity.statement import Principal, PrincipalKey

IDENTITY: Final = "MOTCUA_IDENTITY"
SOON: Final = timedelta(days=30)
"""A program whose last key ends within this time is reported."""

_OFF: Final = """
select process, seconds from clock_off where at > clock_timestamp() - interval '5 minutes' order by process
"""


async def identity(around: Surroundings) -> list[Finding]:
    """Checks that identities are verified, that a program can sign statements, and that keys and clocks are right."""
    async with around.record() as connection:
        found, off = await registered(connection), await connection.fetch(_OFF)
    now = datetime.now(UTC)
    return [_asked_for(around, found.principals, now), *_unwell(found, now), *(_clock(*row) for row in off)]


def _asked_for(around: Surroundings, principals: list[Principal], now: datetime) -> Finding:
    speaking = [one for one in principals if any(_in_force(key, now) for key in one.keys)]
    if around.settings.get(IDENTITY) == "off":
        return _believed()
    if not speaking:
        return fail("doctor.identity.nobody")
    return ok("doctor.identity.speaking", count=len(speaking))


def _believed() -> Finding:
    """Reports that identities are not verified: a failure, unless only this machine can reach the server."""
    try:
        server = configured_address()
    except MotcuaError:
        server = "?"
    told = warn if is_loopback(server) else fail
    return told("doctor.identity.off", server=server)


def _unwell(found: Registered, now: datetime) -> Iterable[Finding]:
    for name in found.unreadable:
        yield fail("doctor.identity.unreadable", program=name)
    for one in found.principals:
        ends = max((key.valid_until for key in one.keys if key.revoked_at is None), default=now)
        if now < ends < now + SOON:
            yield warn("doctor.identity.ending", program=one.id, ends=ends)


def _clock(process: str, seconds: int) -> Finding:
    if abs(seconds) > LEEWAY.total_seconds():
        return fail("doctor.identity.clock_far", process=process, seconds=seconds, off_by=OFF_BY)
    return warn(
        "doctor.identity.clock", fix="doctor.identity.clock_far.fix", process=process, seconds=seconds, off_by=OFF_BY
    )


def _in_force(key: PrincipalKey, now: datetime) -> bool:
    return key.revoked_at is None and key.valid_from <= now < key.valid_until


async def principals(around: Surroundings) -> list[Finding]:
    """Reports rows that can't be read, or that were changed by other means than `motcua principals`."""
    async with around.record() as connection:
        found = await differences(connection)
    if not found:
        return [ok("doctor.principals.well")]
    return [fail("doctor.principals.changed", count=len(found), first=listed(found))]
