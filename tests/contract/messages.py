"""Messages of the contract as JSON: a sample of each kind, and a copy of it with fields of a later version."""

from typing import Any, Final

from motcua import PUBLIC_MESSAGES, Direction, FilingInput, Message
from schemas.base import Model, Personal, fields_marked
from schemas.publishing.procedure import Procedure
from schemas.publishing.province import ProvinceOverlay
from tests.contract.samples import APPLICANT, SAMPLES

MAPS: Final = frozenset({"form", "paper_digests", "open"})
"""The fields whose value is an object with data as its keys."""


def dumped(message: Model) -> Any:
    return message.model_dump(mode="json", exclude_none=True)


def deeper(value: Any) -> Any:
    """Returns `value` with an unknown field in every object, except in those that `MAPS` names."""
    if isinstance(value, list):
        return [deeper(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: part if name in MAPS else deeper(part) for name, part in value.items()} | {"added_later": {"x": 1}}


MESSAGES: Final = {message.name: message for message in PUBLIC_MESSAGES}


def body(event: Any) -> Any:
    """Returns the part of an event that the log's column `body` holds, as JSON."""
    return event.model_dump(mode="json", exclude_none=True, exclude=fields_marked(type(event), Personal) | {"kind"})


def sample(message: Message) -> Any:
    """Returns one message with every field filled, as JSON."""
    if message.event:
        return body(SAMPLES[message.name])
    if message.model is FilingInput:
        return {"submission": dumped(SAMPLES["submission"])}
    return next(dumped(each) for each in (APPLICANT, *SAMPLES.values()) if type(each) is message.model)


SAMPLED: Final = [name for name, message in MESSAGES.items() if message.model not in {Procedure, ProvinceOverlay}]
"""The messages with a sample here; the samples of procedures and provinces are the catalogue's files
(tests/integration/deploy/test_demo_fits.py).
"""
READ: Final = [name for name in SAMPLED if MESSAGES[name].direction is Direction.TO_PLATFORM]
