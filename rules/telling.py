"""Messages of a stream to its filing, sent as a signal or read in the stream's log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic_core import to_json

from schemas.base import Model
from schemas.filing.commands import Command

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Telling:
    """One kind of message to the filing. The signal and the recorded event give the same command.

    Attributes:
        signal: The name of the signal to the filing's workflow.
        command: The command for a reported fact. Raises `ValueError` for any other content.
        recorded: By kind of event, a function that makes the fact from the stream's number and the event's body; None
            for an event that is no message.
    """

    signal: str
    command: Callable[[Any], Command]
    recorded: Mapping[str, Callable[[int, dict[str, Any]], dict[str, Any] | None]]


def read(model: type[M], raw: Any) -> M:
    """The fact in `raw`. Raises `ValueError`, also for a text with NUL, which jsonb can't hold."""
    if rb"\u0000" in to_json(raw):
        raise ValueError("there is a NUL in it")
    return model.model_validate(raw)
