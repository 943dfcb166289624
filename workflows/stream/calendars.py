"""A change of calendar in a running stream: one Update for all kinds."""

from __future__ import annotations

from functools import cache
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import CalendarRequest, Registry
    from activities.support.refusal import failure
    from schemas.errors import RefusalCode, RefusalError, problem, refused
    from schemas.filing.commands import AdoptCalendar, ChangeCalendar
    from schemas.stream.edge import command_from
    from schemas.stream.ledger import Receipt
    from schemas.stream.reprojection import command_id

from workflows.stream.basis import read, until_founded
from workflows.stream.commands import Living
from workflows.stream.recording import Stream, parse, single_argument


@cache
def adopt_calendar() -> Any:
    """Returns the Update by which a workflow adopts a published calendar. A repeat returns the first receipt."""

    async def handle(self: Living, *asked: Any) -> Receipt:
        try:
            wanted = parse(AdoptCalendar, single_argument(asked))
            return await _adopt(await self.life.recorded(), wanted)
        except RefusalError as error:
            raise failure(error.refusal) from None

    def validate(self: Living, *asked: Any) -> None:  # noqa: ARG001 -- Temporal calls it as a method
        try:
            command_from(AdoptCalendar, single_argument(asked))
        except RefusalError as error:
            raise failure(error.refusal) from None

    handle.__name__ = handle.__qualname__ = "adopt_calendar"
    defined = workflow.update(name="adopt_calendar", description=AdoptCalendar.__doc__)(handle)
    defined.validator(validate)
    return defined


async def _adopt(stream: Stream[Any], wanted: AdoptCalendar) -> Receipt:
    """Adopts one calendar at a time, so that the calendar published last is also adopted last."""
    turning = command_id(wanted.calendar)
    async with stream.adopting:
        if turning in stream.receipts:
            return stream.receipts[turning]
        named = CalendarRequest(name=wanted.calendar, agency=stream.state.agency)

        async def adopted() -> Receipt:
            reading = await read(Registry.calendar, named)
            if reading.answer is not None:
                change = ChangeCalendar(command_id=turning, calendar=reading.answer)
                return await stream.record(change, basis=reading.basis)
            if (receipt := await stream.find(turning)) is not None:
                return receipt
            await stream.catch_up(reading.basis)
            raise _NOT_IN_FORCE

        return await until_founded(adopted)


_NOT_IN_FORCE = refused(
    RefusalCode.BAD_COMMAND,
    problem("calendar", "not_in_force"),
)
