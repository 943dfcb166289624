"""Makes the Updates of workflows: one for each kind of public command, and one to adopt a calendar."""

from functools import cache
from typing import Any, Protocol

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import CalendarRequest, Registry
    from activities.support.refusal import failure
    from schemas.base import Model
    from schemas.errors import RefusalCode, RefusalError, problem, refused
    from schemas.filing.commands import RESERVED_IDS, AdoptCalendar, ChangeCalendar, Command
    from schemas.people import Role
    from schemas.stream.edge import command_from
    from schemas.stream.ledger import Receipt
    from schemas.stream.reprojection import command_id

from workflows.stream.basis import read, until_founded
from workflows.stream.recording import ASKED_AT, Stream, expect_opened, parse, single_argument


class Updated(Protocol):
    """The methods of a `Life` that the Updates use."""

    async def recorded(self) -> Stream[Any]:
        """Returns the stream, once its first events are in the log. Raises `RefusalError` if the log will have none."""

    def check_command(self, command: Command) -> None:
        """Raises `RefusalError` if the command would be refused now."""

    async def take_command(self, command: Command) -> Receipt:
        """Records the command and returns its receipt. Raises `RefusalError`."""


class Living(Protocol):
    """A workflow that has a `Life`."""

    life: Updated


@cache
def update(model: type[Command]) -> Any:
    """Returns the Update for one kind of command. A refusal by the Update's validator is not written to the history."""
    kind: str = model.model_fields["kind"].default

    async def handle(self: Living, *command: Any) -> Receipt:
        ASKED_AT.set(workflow.now())
        expect_opened(single_argument(command))
        try:
            # A replay must accept a command that was accepted once, also if the edge would refuse it today.
            return await self.life.take_command(_public(parse(model, single_argument(command))))
        except RefusalError as error:
            raise failure(error.refusal) from None

    def validate(self: Living, *command: Any) -> None:
        try:
            self.life.check_command(_public(command_from(model, single_argument(command))))
        except RefusalError as error:
            raise failure(error.refusal) from None
        except Exception as error:  # noqa: BLE001 -- a validator's error reaches the caller, text included
            workflow.logger.error("validator.failed", extra={"kind": kind, "error": type(error).__name__})
            raise failure(_INTERNAL.refusal) from None

    return _defined(kind, model, handle, validate)


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

    return _defined("adopt_calendar", AdoptCalendar, handle, validate)


def _defined(name: str, model: type[Model], handle: Any, validate: Any) -> Any:
    handle.__name__ = handle.__qualname__ = name
    defined = workflow.update(name=name, description=model.__doc__)(handle)
    defined.validator(validate)
    return defined


def _public(command: Command) -> Command:
    if command.actor.role is Role.SYSTEM:
        raise refused(RefusalCode.NOT_AUTHORISED, problem("actor.role", "system_is_not_a_person"))
    if command.command_id.startswith(RESERVED_IDS):
        raise refused(RefusalCode.BAD_COMMAND, problem("command_id", "reserved_id", reserved=", ".join(RESERVED_IDS)))
    return command


_INTERNAL = refused(RefusalCode.INTERNAL, problem("", "internal_error"))


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


_NOT_IN_FORCE = refused(RefusalCode.BAD_COMMAND, problem("calendar", "not_in_force"))
