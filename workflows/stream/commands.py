"""Makes every public command an Update of its stream's workflow, all by one function."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.support.refusal import failure
    from schemas.errors import RefusalCode, RefusalError, problem, refused
    from schemas.filing.commands import RESERVED_IDS, Command
    from schemas.people import Role
    from schemas.stream.edge import command_from
    from schemas.stream.ledger import Receipt

from workflows.stream.recording import ASKED_AT, Stream, parse, single_argument
from workflows.stream.unopened import expect_opened


class Updated(Protocol):
    """The methods of a `Life` that the Updates use."""

    async def recorded(self) -> Stream[Any]:
        """Returns the stream, once its first events are in the log.

        Raises `RefusalError` if it will have none.
        """

    def check_command(self, command: Command) -> None:
        """Raises `RefusalError` if the command would be refused now."""

    async def take_command(self, command: Command) -> Receipt:
        """Records the command. Raises `RefusalError`."""


class Living(Protocol):
    """A workflow that has a `Life`."""

    life: Updated


@cache
def update(model: type[Command]) -> Any:
    """Returns the Update of one kind of command.

    A receipt is permanent. A refusal by the validator is not written to the history.
    """
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

    handle.__name__ = handle.__qualname__ = kind
    defined = workflow.update(name=kind, description=model.__doc__)(handle)
    defined.validator(validate)
    return defined


def _public(command: Command) -> Command:
    if command.actor.role is Role.SYSTEM:
        raise refused(
            RefusalCode.NOT_AUTHORISED,
            problem("actor.role", "system_is_not_a_person"),
        )
    if command.command_id.startswith(RESERVED_IDS):
        raise refused(
            RefusalCode.BAD_COMMAND,
            problem("command_id", "reserved_id", reserved=", ".join(RESERVED_IDS)),
        )
    return command


_INTERNAL = refused(
    RefusalCode.INTERNAL,
    problem("", "internal_error"),
)
