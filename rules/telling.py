"""Messages of a stream to its filing, sent as a signal or read in the stream's log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic_core import to_json

from schemas.base import Model
from schemas.filing.commands import Command

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Telling(Generic[M]):
    """One kind of message to the filing. The signal and the recorded event give the same command.

    Attributes:
        signal: The name of the signal to the filing's workflow.
        fact: The model of the reported fact.
        follows: The command that follows from a fact.
        recorded: By kind of event, a function that makes the fact from the stream's number and the event's body. The
            function returns None for an event that is no message.
    """

    signal: str
    fact: type[M]
    follows: Callable[[M], Command]
    recorded: Mapping[str, Callable[[int, dict[str, Any]], dict[str, Any] | None]]

    def command(self, raw: Any) -> Command:
        """The command for the fact in `raw`. Raises `ValueError`, also for a text with NUL, which jsonb can't hold."""
        if rb"\u0000" in to_json(raw):
            raise ValueError("there is a NUL in it")
        return self.follows(self.fact.model_validate(raw))
