"""Signs the acts of commands with the key of this environment's program, and verifies an act's signature.

While no program is registered, acts are accepted without a signed statement.
"""

from typing import Final, TypeVar

from activities.ledger.authority.principals import principals
from console.database import find_setting
from motcua.cli.running import Exit, refusing, use_stack_here
from motcua.configured_speaker import INSTALLATION, authenticated_here, speaker_here
from motcua.errors import MotcuaError
from motcua.payloads.converter import as_sent
from motcua.signing import Speaker
from rules.identity.statements import Ring, VerificationContext, verified
from rules.rule import refuse
from schemas.errors import problem
from schemas.filing.commands import Command
from schemas.identity.statement import UNNAMED, Message, Proved, audience, message_digest
from schemas.level import Channel
from schemas.people import OfficerCommand
from views.log import Connection

C = TypeVar("C", bound=OfficerCommand)
S = TypeVar("S", bound=Command)


def signed(command: C) -> C:
    """Returns the act, signed by the program that the environment or the stack names; else unsigned."""
    by = _speaker()
    if by is None:
        return command
    with refusing(MotcuaError, Exit.USAGE):
        statement = by.order(command.act, as_sent(command), authenticated_here())
    return command.model_copy(update={"statement": statement})


def signed_to(stream: str, command: S) -> S:
    """Returns a command to a stream, signed if the environment or the stack names a program, otherwise unsigned."""
    by = _speaker()
    with refusing(MotcuaError, Exit.USAGE):
        return command if by is None else by.command(stream, command, authenticated_here())


def _speaker() -> Speaker | None:
    use_stack_here()
    with refusing(MotcuaError, Exit.USAGE):
        return speaker_here()


async def via_of(connection: Connection, command: OfficerCommand, aud: str | None = None) -> str | None:
    """Returns `<program>/<channel>/<key id>/<digest>` of the act's statement; None while no program is registered.

    `aud` is the audience of statements for this installation; None: the one that the environment or stack sets. Raises
    `RefusalError` unless a registered program signed exactly this act, and may speak for the act's actor.
    """
    about = {"act": command.act, "actor": command.actor, "command_id": command.command_id}
    message = Message(content=message_digest(as_sent(command)), **about)
    found = await _verified(connection, command.statement, message, aud or _here())
    return None if found is None else f"{found.principal.id}/{Channel.ONLINE}/{found.key_id}/{found.sha256}"


async def audience_of(connection: Connection, stream: str, command: Command) -> str | None:
    """Returns the audience for which a command to a stream is signed; None while no program is registered.

    Raises `RefusalError` like `via_of`.
    """
    about = {"act": command.kind, "actor": command.actor, "command_id": command.command_id, "stream": stream}
    message = Message(content=message_digest(as_sent(command)), **about)
    found = await _verified(connection, command.statement, message, _here())
    return None if found is None else _here()


async def _verified(connection: Connection, statement: str | None, message: Message, aud: str) -> Proved | None:
    if not await connection.fetchval(_ANY):
        return None
    [[now]] = await connection.fetch("select clock_timestamp()")
    return verified(statement, message, VerificationContext(Ring(await principals(connection)), aud, now))


def _here() -> str:
    return audience(find_setting(INSTALLATION) or UNNAMED)


def refuse_same_program(first: str | None, second: str | None) -> None:
    """Raises `RefusalError` unless the two acts (their `via`) are signed by different programs, or both are unsigned.

    Two actors alone prove nothing, since the holder of a program's key can sign in the name of any officer.
    """
    programs = {None if via is None else via.partition("/")[0] for via in (first, second)}
    if programs != {None} and (None in programs or len(programs) < _TWO):
        raise refuse(problem("statement", "needs_another_key"))


_TWO: Final = 2
_ANY: Final = "select exists (select from principal)"
