"""The handlers of the skeleton's filing: as many as the product's filing has; each makes just one append.

Like the product's handlers they are made once, not in every run: the workflow sandbox passes this module through.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Protocol

from temporalio import workflow

from benchmarks.skeleton.steps import Plain
from schemas.filing.commands import PUBLIC_COMMANDS

COMMANDS: Final[tuple[str, ...]] = tuple(command.model_fields["kind"].default for command in PUBLIC_COMMANDS)


class Log(Protocol):
    """A stream of the skeleton."""

    receipts: dict[str, Plain]

    async def record(self, command_id: str, step: str) -> Plain:
        """Appends a step; returns the command's receipt."""


class Commanded(Protocol):
    """A workflow that takes commands. `steps`: the steps that it has recorded."""

    log: Log
    steps: set[str]


@cache
def update(kind: str) -> Any:

    async def handle(self: Commanded, command: Plain) -> Plain:
        receipt = await self.log.record(command["command_id"], command["step"])
        self.steps.add(command["step"])
        return receipt

    def validate(self: Commanded, command: Plain) -> None:
        if command["command_id"] in self.log.receipts:
            raise ValueError(kind)

    handle.__name__ = handle.__qualname__ = kind
    defined = workflow.update(name=kind)(handle)
    defined.validator(validate)
    return defined
