"""The programs that sign for the people of a scenario: an act that needs two people is signed by two programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from deploy.stack.keys import HERE, SECOND, second_key
from motcua.configured_speaker import INSTALLATION, PRINCIPAL, speaker_here
from motcua.identity import key_in
from motcua.signing import KEY_FILE, Authenticated, Key, Speaker
from schemas.filing.commands import Command
from schemas.people import Role

C = TypeVar("C", bound=Command)
_APPROVING: Final = frozenset({Role.LEADER, Role.AUDITOR})


class ByPerson(Speaker):
    """Signs leaders' and auditors' acts (approvals) by another speaker, `second`; all other acts by its own key."""

    def __init__(self, principal: str, key: Key, installation: str, second: Speaker) -> None:
        super().__init__(principal, key, installation)
        self._second = second

    def command(self, stream: str, command: C, how: Authenticated) -> C:
        if command.actor.role in _APPROVING:
            return self._second.command(stream, command, how)
        return super().command(stream, command, how)

    def order(self, act: str, order: dict[str, Any], how: Authenticated) -> str:
        if order["actor"]["role"] in _APPROVING:
            return self._second.order(act, order, how)
        return super().order(act, order, how)


def speaker_of(env: Mapping[str, str]) -> Speaker | None:
    """Returns an embedded stack's speaker, with its second program for approvals; else the environment's speaker."""
    if env.get(PRINCIPAL) != HERE:
        return speaker_here(env)
    key, installation = Path(env[KEY_FILE]), env[INSTALLATION]
    second = Speaker(SECOND, key_in(second_key(key)), installation)
    return ByPerson(HERE, key_in(key), installation, second)
