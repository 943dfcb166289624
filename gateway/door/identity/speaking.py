"""Signs callers' messages: the door signs each message for the caller's program and person."""

from dataclasses import dataclass

from gateway.door.identity.tokens import Caller
from motcua.signing import Authenticated, Speaker, Voice


@dataclass(frozen=True)
class Interpreter:
    """Makes a `Voice` for each caller. `speaker`: the door's own principal, whose grant names the callers' programs."""

    speaker: Speaker

    def voice(self, caller: Caller) -> Voice:
        """Returns the voice that signs a caller's messages."""
        how = Authenticated(caller.acr, caller.amr, caller.auth_time, caller.token)
        return Voice(self.speaker.of_client(caller.client), how, asker=caller.actor)
