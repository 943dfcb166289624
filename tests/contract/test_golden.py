"""The contract as JSON: every message is what its line says, and what was once written loads for ever.

`make golden` writes `messages.jsonl` anew from `samples.py`: a line that disappears or changes in it breaks somebody.
"""

import os
from typing import Any, Final, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.complaint.events import ComplaintEvent
from schemas.erasure import ERASED_KIND
from schemas.filing.commands import PUBLIC_COMMANDS, Accept
from schemas.filing.events import EFFECTS
from schemas.message_catalogue import AnyEvent
from schemas.papers.events import PapersEvent
from schemas.parcel.commands import PARCEL_COMMANDS
from schemas.parcel.events import ParcelEvent
from schemas.payment.commands import PAYMENT_COMMANDS
from schemas.payment.events import PaymentEvent
from schemas.publishing.events import PublicationEvent
from schemas.reading import Question
from schemas.referral.commands import REFERRAL_COMMANDS
from schemas.referral.events import ReferralEvent
from schemas.refund.commands import REFUND_COMMANDS
from schemas.refund.events import RefundEvent
from schemas.result.commands import RESULT_COMMANDS
from schemas.result.events import ResultEvent
from schemas.stream.restart import Restarted
from tests.contract.kept import golden, golden_names, keep_messages
from tests.contract.messages import deeper, dumped
from tests.contract.publications import PUBLICATIONS
from tests.contract.samples import BESIDE, COMMANDS, EVENTS, OTHERS, SAMPLES
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


def test_every_kind_has_its_line_and_every_line_its_kind() -> None:
    later = {
        model.model_fields["kind"].default
        for part in (
            *(PaymentEvent, ParcelEvent, ReferralEvent),
            *(ComplaintEvent, PapersEvent, ResultEvent, RefundEvent),
        )
        for model in get_args(part)
    }
    kinds = {
        f"event.{kind}" for kind in {*EFFECTS, *later, ERASED_KIND, *(event.kind for event in (*PUBLICATIONS, *BESIDE))}
    }
    models = (
        *PUBLIC_COMMANDS,
        *PARCEL_COMMANDS,
        *REFERRAL_COMMANDS,
        *COMPLAINT_COMMANDS,
        *(*RESULT_COMMANDS, *REFUND_COMMANDS, *PAYMENT_COMMANDS),
    )
    commands = {f"command.{model.model_fields['kind'].default}" for model in models}
    questions = {f"ask.{model.model_fields['ask'].default}" for model in get_args(Question)}
    assert golden_names() == sorted(kinds | commands | questions | set(OTHERS))


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
