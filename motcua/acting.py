"""One who acts: actor and program said once, instead of with every command."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID, uuid4

from . import contract as c


def command_id() -> str:
    """A fresh id for a command. Keep it with the command: a repeat with the same id is the same command."""
    return str(uuid4())


class _Client(Protocol):
    async def submit(self, submission: c.Submission) -> c.Receipt: ...
    async def act(self, target: UUID | str, command: c.Command) -> c.Receipt: ...
    async def actions(self, target: UUID | str, actor: c.Actor) -> list[c.Action]: ...


class ActingClient:
    """What `FilingClient.as_` gives: files, acts and asks as one actor, through one program.

    Attributes:
        actor: Who acts.
        via: The authenticated program that passes it on, and its channel.
    """

    def __init__(self, client: _Client, actor: c.Actor, via: c.Via) -> None:
        self._client = client
        self.actor = actor
        self.via = via

    async def submit(self, /, **fields: Any) -> c.Receipt:
        """Hand in a filing, as `FilingClient.submit` does. `fields` are those of a `Submission`, without the two.

        Raises `UnfitError` if they do not fit; nothing has been sent then.
        """
        return await self._client.submit(c.Submission(**self._with_ours(fields)))

    async def act(self, /, target: UUID | str, command: type[c.Command], **fields: Any) -> c.Receipt:
        """Give a command, as `FilingClient.act` does.

        Args:
            target: The filing's id, or the name of another stream, such as `payment:<uuid>:1`.
            command: Its class, such as `Accept`.
            fields: Its own fields, and `command_id`: one that you keep, so that the same command can be sent again.
                Without it each call is another command.

        Raises:
            UnfitError: The fields do not fit; nothing has been sent.
        """
        return await self._client.act(target, command(**self._with_ours({"command_id": command_id()} | fields)))

    async def actions(self, target: UUID | str) -> list[c.Action]:
        """Every command, and whether the actor can give it now, with the reason where not."""
        return await self._client.actions(target, self.actor)

    def _with_ours(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {"actor": self.actor, "via": self.via} | fields
