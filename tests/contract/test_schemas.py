"""The contract as JSON Schema: the content of the files, and its agreement with the models.

`make golden` writes `schemas.json` anew: a line that disappears or changes breaks a client.
"""

import os
import re
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any, Final, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from motcua import PUBLIC_MESSAGES, Message
from motcua.json_schema.common_fields import COMMON
from motcua.json_schema.documents import documents, own_words, schema, written
from schemas.base import Model, Personal, fields_marked
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.complaint.events import ComplaintEvent
from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.events import EFFECTS
from schemas.papers.events import PapersEvent
from schemas.parcel.commands import PARCEL_COMMANDS
from schemas.parcel.events import ParcelEvent
from schemas.payment.commands import PAYMENT_COMMANDS
from schemas.payment.events import PaymentEvent
from schemas.privacy import Erased
from schemas.publishing.events import PublicationEvent
from schemas.reading import Question
from schemas.referral.commands import REFERRAL_COMMANDS
from schemas.referral.events import ReferralEvent
from schemas.refund.commands import REFUND_COMMANDS
from schemas.refund.events import RefundEvent
from schemas.result.commands import RESULT_COMMANDS
from schemas.result.events import ResultEvent
from schemas.stream.restart import Restarted
from tests.contract.fitting import broken, lacking, validator
from tests.contract.kept import SCHEMAS, golden_schemas, keep_schemas
from tests.contract.messages import MESSAGES, READ, SAMPLED, body, deeper, sample
from tests.contract.samples import EVENTS
from tests.walking import walked


@pytest.fixture(scope="session", autouse=True)
def _written_anew() -> None:
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        keep_schemas(documents())


def test_the_schemas_are_what_they_were() -> None:
    kept, now = golden_schemas(), {name: written(document) for name, document in documents().items()}
    changed = {
        name: list(unified_diff(kept.get(name, "").splitlines(), now.get(name, "").splitlines(), n=0, lineterm=""))
        for name in sorted(kept.keys() | now.keys())
        if kept.get(name) != now.get(name)
    }
    assert changed == {}
    assert SCHEMAS.read_text(encoding="utf-8") == written(dict(documents())), "written otherwise than by `make golden`"


def test_every_command_event_and_question_has_its_schema() -> None:
    models = (
        *(*PUBLIC_COMMANDS, *PARCEL_COMMANDS, *REFERRAL_COMMANDS, *PAYMENT_COMMANDS),
        *(*COMPLAINT_COMMANDS, *RESULT_COMMANDS, *REFUND_COMMANDS),
    )
    commands = {f"command.{model.model_fields['kind'].default}" for model in models}
    later = (PaymentEvent, ParcelEvent, ReferralEvent, ComplaintEvent, PapersEvent, ResultEvent, RefundEvent)
    published = get_args(get_args(PublicationEvent)[0])
    events = [*(event for part in later for event in get_args(part)), *published, Erased, Restarted]
    kinds = {*EFFECTS, *(event.model_fields["kind"].default for event in events)}
    questions = {f"ask.{model.model_fields['ask'].default}" for model in get_args(Question)}
    assert {name for name in MESSAGES if "." in name} == commands | questions | {f"event.{kind}" for kind in kinds}
    assert len(MESSAGES) == len(PUBLIC_MESSAGES)


def test_the_index_names_every_file_and_no_schema_lies_on_the_net() -> None:
    files = documents()
    index = files["index.json"]["schemas"]
    assert {entry["file"] for entry in index} | {"index.json"} == set(files)
    for entry in index:
        assert files[entry["file"]]["$id"] == entry["id"] == f"urn:motcua:schema:{entry['name']}"
        assert entry["says"]
        assert entry["wires"]


def fields(document: Any) -> dict[str, str]:
    """Returns the fields of a schema and of its parts, as `Message.field`, with their descriptions."""
    parts = [document, *document.get("$defs", {}).values()]
    return {
        f"{part['title']}.{name}": field.get("description", "")
        for part in parts
        for name, field in part.get("properties", {}).items()
    }


@walked("name", MESSAGES, at_least=260)
def test_every_field_says_what_it_is(name: str) -> None:
    assert [field for field, words in fields(schema(MESSAGES[name])).items() if not words] == []


def extended(model: type[Model]) -> Iterator[type[Model]]:
    """Yields a model of the contract, and all models that extend it."""
    yield model
    for each in model.__subclasses__():
        if each.__module__.startswith("schemas."):
            yield from extended(each)


def test_no_words_are_left_over() -> None:
    shown = {f"{field}: {words}" for message in PUBLIC_MESSAGES for field, words in fields(schema(message)).items()}
    written_below = [(model, *below) for model in set(extended(Model)) for below in own_words(model).items()]
    assert len(written_below) > 650
    for model, name, words in written_below:
        titles = {title for each in extended(model) for title in (each.__name__, f"{each.__name__}Body")}
        assert any(f"{title}.{name}: {words}" in shown for title in titles), f"{model.__name__}.{name}"
        assert words != COMMON.get(name), f"{model.__name__}.{name} needs no words of its own"
    for name, words in COMMON.items():
        assert len({line for line in shown if line.endswith(f".{name}: {words}")}) >= IN_COMMON, name


IN_COMMON: Final = 3
"""If this many models share a field, its description must be in `motcua/json_schema/common_fields.py`."""


@walked("name", MESSAGES, at_least=260)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schema(MESSAGES[name]))


@walked("name", SAMPLED, at_least=260)
def test_a_message_with_every_field_fits_its_schema(name: str) -> None:
    message = MESSAGES[name]
    validator(schema(message)).validate(sample(message))


@walked("name", SAMPLED, at_least=260)
def test_nonsense_in_any_place_does_not_fit(name: str) -> None:
    check = validator(schema(MESSAGES[name]))
    assert [wrong for wrong in broken(sample(MESSAGES[name])) if check.is_valid(wrong)] == []


@walked("name", SAMPLED, at_least=260)
def test_an_unknown_field_at_any_depth_fits_where_it_is_ignored(name: str) -> None:
    message = MESSAGES[name]
    assert validator(schema(message)).is_valid(deeper(sample(message))) is not message.strict


@walked("name", SAMPLED, at_least=260)
def test_a_command_refuses_an_unknown_field_in_each_of_its_parts(name: str) -> None:
    message = MESSAGES[name]
    check = validator(schema(message))
    parts = {key: value for key, value in sample(message).items() if isinstance(value, dict) and key != "form"}
    if message.strict:
        assert parts or name.startswith("ask.") or name == "submit_check"
        for key, part in parts.items():
            assert not check.is_valid(sample(message) | {key: part | {"added_later": 1}})


@walked("name", READ, at_least=80)
def test_a_schema_accepts_what_the_platform_accepts(name: str) -> None:
    message = MESSAGES[name]
    check = validator(schema(message))
    for less in lacking(sample(message)):
        assert check.is_valid(less) is accepted(message, less), less


def accepted(message: Message, raw: Any) -> bool:
    try:
        message.model.model_validate(raw, extra="forbid" if message.strict else None)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("limit", "fits"),
    [("5 working days", True), ("1 working day", True), ("8 hours", False), ({"amount": 1, "unit": "seconds"}, False)],
)
def test_a_time_limit_is_a_text(limit: object, *, fits: bool) -> None:
    assert validator(schema(MESSAGES["procedure"])["$defs"]["Limit"]).is_valid(limit) is fits


@walked("name", MESSAGES, at_least=260)
def test_no_pattern_has_a_class_that_means_other_characters_elsewhere(name: str) -> None:
    """A digit class matches 0-9 in ECMA 262, but every Unicode digit in pydantic and Python."""
    assert not re.search(r"\\\\[dws]", written(schema(MESSAGES[name])))


@pytest.mark.parametrize(("value", "fits"), [("x" * 4000, True), ("x" * 4001, False), (2**53, False), (1.5, False)])
def test_a_form_value_is_a_short_text_a_whole_number_or_a_truth(value: object, *, fits: bool) -> None:
    message = MESSAGES["submission"]
    assert validator(schema(message)).is_valid(sample(message) | {"form": {"field": value}}) is fits


def test_a_form_has_no_field_whose_name_is_no_code() -> None:
    message = MESSAGES["submission"]
    assert not validator(schema(message)).is_valid(sample(message) | {"form": {"Not A Code": 1}})


def test_what_identifies_a_person_has_no_place_in_a_body() -> None:
    for event in EVENTS:
        hidden = fields_marked(type(event), Personal)
        assert not (hidden | {"kind"}) & set(schema(MESSAGES[f"event.{event.kind}"]).get("properties", {}))


def test_a_number_of_the_ledger_is_never_missing_in_a_body() -> None:
    (submitted,) = (event for event in EVENTS if event.kind == "submitted")
    check = validator(schema(MESSAGES["event.submitted"]))
    assert not check.is_valid({key: value for key, value in body(submitted).items() if key != "code"})


def unbounded(part: Any, where: str = "") -> list[str]:
    """Returns the places in a schema at which a text has no limit of length."""
    if isinstance(part, list):
        return [found for n, each in enumerate(part) for found in unbounded(each, f"{where}/{n}")]
    if not isinstance(part, dict):
        return []
    bounded = part.keys() & {"maxLength", "enum", "const", "format"}
    own = [where] if part.get("type") == "string" and not bounded else []
    return own + [found for name, each in part.items() for found in unbounded(each, f"{where}/{name}")]


HANDED_IN: Final = [
    name for name in READ if name.startswith("command.") or name in {"submission", "filing_input", "issue_answer"}
]


@walked("name", HANDED_IN, at_least=50)
def test_every_text_that_is_handed_in_has_its_limit(name: str) -> None:
    assert unbounded(schema(MESSAGES[name])) == []
