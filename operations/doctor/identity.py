"""The checks of registered programs: signed statements, clocks, and keys as recorded."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from activities.ledger.authority.principals import OFF_BY, Registered, registered
from console.comparing import listed
from motcua.connection import configured_address, is_loopback
from motcua.errors import MotcuaError
from operations.doctor.check import SOON, Finding, Surroundings, ends, fail, ok, warn
from operations.principal_register import differences
from rules.identity.statements import LEEWAY
from schemas.identity.statement import Principal

_OFF: Final = """
select process, seconds from clock_off where at > clock_timestamp() - interval '5 minutes' order by process
"""


async def identity(around: Surroundings) -> list[Finding]:
    """Checks that the platform verifies identities, that a program has a valid key, and that clocks are right."""
    async with around.record() as connection:
        found, off = await registered(connection), await connection.fetch(_OFF)
    now = datetime.now(UTC)
    return [_asked_for(around, found.principals, now), *_unwell(found, now), *(_clock(*row) for row in off)]


def _asked_for(around: Surroundings, principals: list[Principal], now: datetime) -> Finding:
    if around.settings.get("MOTCUA_IDENTITY") == "off":
        try:
            server = configured_address()
        except MotcuaError:
            server = "?"
        told = warn if is_loopback(server) else fail  # if only this machine can reach the server, it does little harm
        return told("doctor.identity.off", server=server)
    count = sum(
        any(key.revoked_at is None and key.valid_from <= now < key.valid_until for key in one.keys)
        for one in principals
    )
    return ok("doctor.identity.speaking", count=count) if count else fail("doctor.identity.nobody")


def _unwell(found: Registered, now: datetime) -> Iterable[Finding]:
    for name in found.unreadable:
        yield fail("doctor.identity.unreadable", program=name)
    for one in found.principals:
        until = max((key.valid_until for key in one.keys if key.revoked_at is None), default=now)
        if now < until < now + SOON:
            yield ends("doctor.identity.ending", until - now, program=one.id, ends=until)


def _clock(process: str, seconds: int) -> Finding:
    if abs(seconds) > LEEWAY.total_seconds():
        return fail("doctor.identity.clock_far", process=process, seconds=seconds, off_by=OFF_BY)
    return warn(
        "doctor.identity.clock", fix="doctor.identity.clock_far.fix", process=process, seconds=seconds, off_by=OFF_BY
    )


async def principals(around: Surroundings) -> list[Finding]:
    """Reports rows of the register of principals that can't be read, or that `motcua principals` has not written."""
    async with around.record() as connection:
        found = await differences(connection)
    if not found:
        return [ok("doctor.principals.well")]
    return [fail("doctor.principals.changed", count=len(found), first=listed(found))]
