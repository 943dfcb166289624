"""Opening, counting and closing of tills, as rows that never change. Cash movements of the till wait meanwhile."""

import json
from datetime import UTC, datetime
from typing import Final

from activities.ledger.authority.officers import active
from rules import till as rules
from rules.require import require
from rules.rule import refuse
from rules.time.working_time import VIETNAM
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.filing.commands import Command
from schemas.money.till import CloseTill, CountTill, OpenTill, TillShown
from schemas.names import ROLE_NAMES
from views.log import Connection
from views.registers.money import till_of


async def open_(connection: Connection, command: OpenTill) -> TillShown:
    """Opens a till. Idempotent by the command's id. Raises `RefusalError`."""
    actor = command.actor
    _unless(rules.may_open(actor))
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"till {actor.agency}")
        if (opened := await connection.fetchval(_OPENED, command.command_id)) is None:
            await _officer(connection, command)
            if not await connection.fetchval("select tills from agency where agency = $1", actor.agency):
                raise refuse(problem("actor.agency", "no_tills"))
            if (other := await connection.fetchval(_OTHER, actor.agency, actor.subject, command.desk)) is not None:
                raise refuse(problem("", "till_open_already", till=other))
            day = f"{actor.agency}-{datetime.now(UTC).astimezone(VIETNAM):%Y%m%d}-Q"
            said = (actor.agency, command.desk, actor.subject)
            opened = await connection.fetchval(_OPEN, day, *said, command.change_fund, command.command_id)
            await connection.execute(_NOW_OPEN, opened, *said)
        return require(await till_of(connection, opened))


async def count(connection: Connection, command: CountTill) -> TillShown:
    """Records a count of a till's cash. Idempotent by the command's id. Raises `RefusalError`."""
    async with connection.transaction():
        till = await _held(connection, command, command.till)
        if not await connection.fetchval(_COUNTED, command.command_id):
            _unless(rules.may_handle(till, command.actor))
            notes = None if command.notes is None else json.dumps(command.notes)
            said = (command.actor.subject, command.counted, notes, till.movements, command.command_id)
            await connection.execute(_COUNT, till.number, len(till.counts) + 1, till.agency, *said)
        return require(await till_of(connection, till.number))


async def close(connection: Connection, command: CloseTill) -> TillShown:
    """Closes a till. Idempotent by the command's id. Raises `RefusalError`."""
    async with connection.transaction():
        till = await _held(connection, command, command.till)
        if not await connection.fetchval(_CLOSED, command.command_id):
            _unless(rules.may_handle(till, command.actor))
            last = rules.last_count(till, command)
            if isinstance(last, Problem):
                raise refuse(last)
            said = (command.actor.subject, till.expected, last.counted, command.reason, command.command_id)
            await connection.execute(_CLOSE, till.number, till.agency, *said)
            await connection.execute("delete from till_open where number = $1", till.number)
        return require(await till_of(connection, till.number))


async def _held(connection: Connection, command: CountTill | CloseTill, number: str) -> TillShown:
    """Returns the till, locked against cash movements until the transaction ends."""
    await connection.execute(_HOLD, number)
    till = await till_of(connection, number)
    if till is None:
        raise refuse(problem("till", "unknown_till"))
    await _officer(connection, command)
    return till


async def _officer(connection: Connection, command: Command) -> None:
    actor = command.actor
    if not await active(connection, str(actor.agency), actor.subject, actor.role):
        why = problem("actor", "not_in_directory", role_name=ROLE_NAMES[actor.role])
        raise refused(RefusalCode.NOT_AUTHORISED, why)


def _unless(why: Problem | None) -> None:
    if why is not None:
        raise refuse(why)


_OPENED: Final = "select number from till where command_id = $1"
_OTHER: Final = "select number from till_open where agency = $1 and (cashier = $2 or desk = $3) limit 1"
_OPEN: Final = """
insert into till (number, agency, desk, cashier, change_fund, command_id)
select $1 || (select count(*) + 1 from till where starts_with(number, $1)), $2, $3, $4, $5, $6 returning number
"""
_NOW_OPEN: Final = "insert into till_open (number, agency, desk, cashier) values ($1, $2, $3, $4)"
_HOLD: Final = "select from till_open where number = $1 for update"
_COUNTED: Final = "select exists (select from till_count where command_id = $1)"
_COUNT: Final = """
insert into till_count (till, n, agency, officer, counted, notes, movements, command_id)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
"""
_CLOSED: Final = "select exists (select from till_closing where command_id = $1)"
_CLOSE: Final = """
insert into till_closing (till, agency, officer, expected, counted, reason, command_id)
values ($1, $2, $3, $4, $5, $6, $7)
"""
