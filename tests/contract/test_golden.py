"""The contract as JSON: every message equals its stored line, and every stored line can be loaded.

`make golden` writes each line of `messages.jsonl` anew: a line that disappears or changes breaks a client.
"""

import os
from typing import Any, Final

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.filing.commands import Accept
from schemas.message_catalogue import AnyEvent
from schemas.publishing.events import PublicationEvent
from schemas.stream.restart import Restarted
from tests.contract.kept import golden, golden_names, keep_messages
from tests.contract.messages import deeper, dumped
from tests.contract.samples import COMMANDS, EVENTS, MODELS, SAMPLES
from tests.walking import walked

EVENT: Final[TypeAdapter[Any]] = TypeAdapter(AnyEvent | PublicationEvent | Restarted)
STARTS: Final = ("filing_start", "submission", "payment_start", "parcel_start", "referral_start", "complaint_input")


@pytest.fixture(scope="session", autouse=True)
def _written_anew() -> None:
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        keep_messages({name: dumped(sample) for name, sample in SAMPLES.items()})


def load(name: str, raw: Any) -> Any:
    return EVENT.validate_python(raw) if name.startswith("event.") else type(SAMPLES[name]).model_validate(raw)


@walked("name", sorted(SAMPLES), at_least=270)
def test_a_message_loads_from_its_line_and_is_written_as_it_was(name: str) -> None:
    message = load(name, golden(name))
    assert message == SAMPLES[name]
    assert type(message) is type(SAMPLES[name])
    assert dumped(message) == golden(name)


def test_every_message_has_its_line_and_every_line_its_message() -> None:
    assert golden_names() == sorted(MODELS)


@walked("name", sorted(SAMPLES), at_least=270)
def test_a_line_shows_every_field(name: str) -> None:
    assert set(golden(name)) == set(type(SAMPLES[name]).model_fields) - {"statement"}, "what is signed beside stays out"


@walked("name", [f"event.{event.kind}" for event in EVENTS] + list(STARTS), at_least=130)
def test_what_a_newer_platform_wrote_loads(name: str) -> None:
    assert load(name, golden(name) | {"added_later": {"x": 1}}) == SAMPLES[name]


@walked("name", [f"command.{command.kind}" for command in COMMANDS], at_least=50)
def test_a_command_with_an_unknown_field_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="added_later"):
        load(name, golden(name) | {"added_later": 1})


@pytest.mark.parametrize("part", ["actor", "via"])
def test_a_command_with_an_unknown_field_deep_inside_is_refused(part: str) -> None:
    raw = golden("command.accept")
    with pytest.raises(ValidationError, match="added_later"):
        Accept.model_validate(raw | {part: raw[part] | {"added_later": 1}}, extra="forbid")


@walked("name", [f"event.{event.kind}" for event in EVENTS], at_least=130)
def test_what_a_newer_platform_wrote_deep_inside_loads(name: str) -> None:
    assert load(name, deeper(golden(name))) == SAMPLES[name]


@pytest.mark.parametrize("raw", ["accept", [], None, 1, {}, {"kind": "decide"}])
def test_what_is_no_command_is_refused(raw: Any) -> None:
    with pytest.raises(ValidationError):
        load("command.accept", raw)


@pytest.mark.parametrize("left_out", ["code", "fee_channel", "signature", "address", "payer_account"])
def test_an_event_from_before_an_optional_field_loads(left_out: str) -> None:
    raw = golden("event.submitted")
    del raw[left_out]
    assert getattr(load("event.submitted", raw), left_out) is None
