"""The door's statements about callers: each names the caller's program and person."""

from dataclasses import dataclass

from gateway.door.identity.tokens import Caller
from motcua.signing import Authenticated, Speaker, Voice
from schemas.identity.statement import IdentityStatement, KeyId
from schemas.reading import Question


@dataclass(frozen=True)
class Interpreter:
    """Signs callers' messages. `speaker`: the door's own principal, whose grant names the callers' programs."""

    speaker: Speaker

    def voice(self, caller: Caller) -> Voice:
        """Returns the voice that signs a caller's messages."""
        return Voice(self.speaker.of_client(caller.client), _how(caller), asker=caller.actor)

    def statement(self, caller: Caller, question: Question) -> tuple[IdentityStatement, KeyId]:
        """Returns the unsigned statement of the caller of a question that the door answers, and the door's key id."""
        speaker = self.speaker.of_client(caller.client)
        return speaker.about_question(question, _how(caller), caller.actor), speaker.key_id


def _how(caller: Caller) -> Authenticated:
    return Authenticated(caller.acr, caller.amr, caller.auth_time, caller.token)
