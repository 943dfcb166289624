"""Input from outside is parsed strictly; the log is read as it was written."""

import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from pydantic import ValidationError
from pydantic_core import to_json

from activities.partners.http import UnreachableError
from activities.partners.money.bank import HttpBank
from motcua import PUBLIC_MESSAGES, Direction, Message
from schemas import backoffice as bo
from schemas.base import Model, UnfitError
from schemas.errors import RefusalCode, RefusalError, shape_refusal
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.submission import Submission
from schemas.identity.statement import MAX_STATEMENT
from schemas.people import Applicant
from schemas.reading import QUESTION
from schemas.stream.edge import MAX_COMMAND_BYTES, command_from, strictly
from schemas.text import _form_value, composed, line, text
from tests.contract.messages import MAPS, deeper, dumped, sample
from tests.contract.samples import COMMANDS, FILE, SUBMISSION
from tests.walking import walked

SAID: Final[dict[str, Any]] = {
    "command_id": "c-1",
    "actor": {"subject": "cashier-1", "role": "cashier"},
    "via": {"principal": "portal"},
}
HANDED_IN: Final[dict[str, Model]] = {command.kind: command for command in COMMANDS} | {"submission": SUBMISSION}
AT_THE_EDGE: Final = [
    message
    for message in PUBLIC_MESSAGES
    if message.direction is Direction.TO_PLATFORM
    and not message.name.startswith("ask.")
    and message.name not in {"procedure", "province", "calendar", "submit_check"}
]
"""Messages to the platform except published files, and except questions and `submit_check`: no log has those two."""
LOOKED_INTO: Final = frozenset({text, line, _form_value})
INVISIBLE: Final = {
    "NUL": "\0",
    "C0": "\x1b",
    "carriage return": "\r",
    "DEL": "\x7f",
    "C1": "\x85",
    "soft hyphen": "\u00ad",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "right-to-left override": "\u202e",
    "word joiner": "\u2060",
    "isolate": "\u2066",
    "byte order mark": "\ufeff",
    "Hangul filler": "\u3164",
    "tag": "\U000e0041",
}
DECOMPOSED: Final = "Nguye\u0302\u0303n"
COMPOSED: Final = "Nguy\u1ec5n"


def wrong_with(model: type[Model], given: Any) -> list[tuple[str, str]]:
    """Returns field and rule of each fault that the edge finds."""
    try:
        if issubclass(model, cm.Command):
            command_from(model, given)
        else:
            strictly(model, given)
    except RefusalError as error:
        refusal = error.refusal
    except ValidationError as error:
        refusal = shape_refusal(RefusalCode.BAD_START, error).refusal
    else:
        return []
    assert all(problem.message.vi and problem.message.en for problem in refusal.problems)
    return [(problem.field, problem.rule) for problem in refusal.problems]


@walked("name", HANDED_IN, at_least=50)
def test_an_ordinary_message_passes(name: str) -> None:
    message = HANDED_IN[name]
    assert wrong_with(type(message), dumped(message)) == []


@walked("character", INVISIBLE.values(), ids=INVISIBLE, exactly=16)
def test_what_nobody_sees_is_refused_in_every_kind_of_text(character: str) -> None:
    given = f"a{character}b"
    assert wrong_with(cm.Withdraw, SAID | {"reason": given}) == [("reason", "invisible_text")]
    assert wrong_with(cm.HandOver, SAID | {"recipient": given}) == [("recipient", "invisible_text")]
    assert wrong_with(Submission, dumped(SUBMISSION) | {"form": {"name": given}}) == [("form.name", "invisible_text")]


def kinds_of_text(schema: Any, place: str, kind: object = None) -> Iterator[tuple[str, object]]:
    """Yields the place of each text in a message, and its check; reads the core schema of the message's model.

    The check is a function in `LOOKED_INTO`; without such a function, the text's pattern, or None.
    """
    match schema:
        case {"type": "str" | "any"}:
            yield place, kind or schema.get("pattern")
        case {"type": "model-fields", "model_name": model, "fields": fields}:
            for name, field in fields.items():
                yield from kinds_of_text(field, f"{model}.{name}")
        case {"type": "chain", "steps": [first, *_]}:
            yield from kinds_of_text(first, place, kind)
        case {"function": {"function": function}, "schema": inner}:
            yield from kinds_of_text(inner, place, function if function in LOOKED_INTO else kind)
        case dict():
            for name in schema.keys() - {"metadata", "serialization"}:
                yield from kinds_of_text(schema[name], place, kind)
        case list() | tuple():
            for part in schema:
                yield from kinds_of_text(part, place, kind)


def lets_through(pattern: str) -> list[str]:
    """Returns the names of the invisible characters that an id's pattern permits at some place."""
    classes = re.findall(r"\[.*?\]", pattern)
    anything = "." in re.sub(r"\\.|\[.*?\]", "", pattern)
    return [name for name, one in INVISIBLE.items() if anything or any(re.match(each, one) for each in classes)]


@walked("message", AT_THE_EDGE, ids=lambda message: message.name, at_least=60)
def test_every_text_that_is_handed_in_is_of_a_kind_in_which_it_is_refused(message: Message) -> None:
    kinds = set(kinds_of_text(message.model.__pydantic_core_schema__, message.name))
    assert bool(kinds) is (message.name not in {"result_input", "refund_input"})
    plain = {place for place, kind in kinds if kind is None}
    assert plain | {place for place, kind in kinds if isinstance(kind, str) and lets_through(kind)} == set()


def test_several_lines_are_for_texts_and_half_a_character_is_for_none() -> None:
    several = "dòng một\n\tdòng hai"
    assert wrong_with(cm.Withdraw, SAID | {"reason": several}) == []
    assert wrong_with(cm.HandOver, SAID | {"recipient": several}) == [("recipient", "invisible_text")]
    assert wrong_with(Submission, dumped(SUBMISSION) | {"form": {"name": several}}) == []
    assert wrong_with(cm.Withdraw, SAID | {"reason": "\ud800"}) == [("", "unreadable")]


def test_what_the_log_holds_loads_whatever_is_asked_at_the_edge() -> None:
    text = "a\0\u202e\ufeff" + DECOMPOSED
    asked = ev.Asked.model_validate({"n": 1, "officer": "cccd-001099012345", "question": text})
    assert (asked.officer, asked.question) == ("cccd-001099012345", text)
    person = {"subject": "a", "name": text, "id_number": "001099012345", "phone": "09\u200b", "email": text}
    assert Applicant.model_validate(person).name == text
    assert Submission.model_validate(dumped(SUBMISSION) | {"submission_id": "001099012345"}).client_id == "portal"


IMPERSONAL: Final = [
    *("S-0001", "12345678", "00000000-0000-0000-0000-123456789012", "withdraw-123e4567-e89b-12d3-a456-426614174000:1"),
    *("0123456789abcdef0123456789012345", "CF23DF22-07D9-4B58-9E11-123456789012"),
]


@pytest.mark.parametrize("id_", ["123456789", "001099012345", "c-0912345678", "0912345678-2", "S:123456789.1"])
def test_an_id_that_looks_personal_is_refused_wherever_it_stands_in_the_clear(id_: str) -> None:
    assert wrong_with(cm.Accept, SAID | {"command_id": id_}) == [("command_id", "looks_personal")]
    assert wrong_with(cm.Accept, SAID | {"via": {"principal": id_}}) == [("via.principal", "looks_personal")]
    submission = dumped(SUBMISSION)
    for field in ("client_id", "submission_id"):
        assert wrong_with(Submission, submission | {field: id_}) == [(field, "looks_personal")]


def test_a_payers_address_is_one_of_the_internet() -> None:
    submission = dumped(SUBMISSION)
    for address in ("203.0.113.9", "2001:db8::17"):
        assert wrong_with(Submission, submission | {"payer_address": address}) == []
    for address in ("203.0.113.9:80", "203.0.113", "localhost", "fe80::1%eth0", "203.0.113.0/24"):
        rule = "not_an_ip_address" if set(address) <= set("0123456789.:") else "string_pattern_mismatch"
        assert wrong_with(Submission, submission | {"payer_address": address}) == [("payer_address", rule)]


@pytest.mark.parametrize("id_", ["an@example.vn", "Nguyen Van An", "a\tb", ""])
def test_an_id_with_blanks_or_an_at_is_refused(id_: str) -> None:
    assert wrong_with(cm.Accept, SAID | {"command_id": id_}) == [("command_id", "string_pattern_mismatch")]


@pytest.mark.parametrize("id_", IMPERSONAL)
def test_a_uuid_a_digest_or_a_counter_passes(id_: str) -> None:
    assert wrong_with(cm.Accept, SAID | {"command_id": id_, "via": {"principal": id_}}) == []


@pytest.mark.parametrize("amount", ["16000", 16000.0, True, "x", None, 0, -1, 2**53], ids=repr)
def test_money_is_a_whole_number_and_nothing_that_reads_like_one(amount: Any) -> None:
    command = SAID | {"reference": "1/TB", "amount": amount}
    assert [field for field, _ in wrong_with(cm.DemandObligation, command)] == ["amount"]
    assert [field for field, _ in wrong_with(cm.PayAtCounter, SAID | {"amount": amount})] == ["amount"]
    with pytest.raises(ValidationError, match="amount"):
        cm.PayAtCounter.model_validate(SAID | {"amount": amount})


@pytest.mark.parametrize("said", ["yes", "true", 1, 1.0, "on", None, [True]], ids=repr)
def test_only_true_is_true(said: Any) -> None:
    with pytest.raises(ValidationError):
        strictly(bo.CheckAnswer, {"complete": said})
    with pytest.raises(ValidationError):
        bo.CheckAnswer.model_validate({"complete": said})
    assert [field for field, _ in wrong_with(cm.RecordOpinion, SAID | {"party": "p", "consent": said})] == ["consent"]


@pytest.mark.parametrize("amiss", [{"size": "1000"}, {"size": 1000.0}, {"media_type": "a\0b"}], ids=repr)
def test_a_result_is_taken_as_strictly(amiss: dict[str, Any]) -> None:
    result = dumped(FILE)
    assert strictly(bo.IssueAnswer, {"result": result, "more": 1}).result == FILE
    with pytest.raises(ValidationError):
        strictly(bo.IssueAnswer, {"result": result | amiss})


@pytest.mark.parametrize("amount", ["16000", 16000.0, True], ids=repr)
async def test_what_the_bank_says_of_money_is_taken_as_strictly(amount: Any) -> None:
    capture = {"capture_id": "m1", "amount": 16000, "at": "2026-11-25T03:00:00Z"}
    order = {"key": "k", "order_id": "o", "amount": 16000, "currency": "VND", "status": "paid", "pay_url": "http://x"}

    async def captured_amount(captured: Any) -> int:
        answer = order | {"captures": [capture | {"amount": captured}]}
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
        async with httpx.AsyncClient(transport=transport, base_url="http://bank") as client:
            return (await HttpBank(client).get("k")).captures[0].amount

    assert await captured_amount(16000) == 16000
    with pytest.raises(UnreachableError, match="unreadable answer"):
        await captured_amount(amount)


def replaced(value: Any, field: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yields for each number and boolean of a message its path, a similar value, and the message with that value there.

    The values of forms are left out.
    """
    if isinstance(value, list):
        for index, part in enumerate(value):
            for path, like, wrong in replaced(part, f"{field}[{index}]"):
                yield path, like, [*value[:index], wrong, *value[index + 1 :]]
    elif isinstance(value, dict):
        for name, part in value.items():
            for path, like, wrong in replaced(part, f"{field}.{name}".removeprefix(".")) if name not in MAPS else ():
                yield path, like, value | {name: wrong}
    elif isinstance(value, int):
        likes: list[Any] = [float(value), str(value).lower(), int(value) if isinstance(value, bool) else True]
        yield from ((field, like, like) for like in likes)


@walked("message", AT_THE_EDGE, ids=lambda message: message.name, at_least=60)
def test_a_number_and_a_truth_are_taken_as_they_are_in_every_place(message: Message) -> None:
    for path, like, wrong in replaced(sample(message)):
        assert path in {field for field, _ in wrong_with(message.model, wrong)}, (path, like)


@walked("message", AT_THE_EDGE, ids=lambda message: message.name, at_least=60)
def test_a_command_or_what_is_handed_in_has_no_unknown_field_at_any_depth(message: Message) -> None:
    unknown = {rule for _, rule in wrong_with(message.model, deeper(sample(message)))}
    assert ("extra_forbidden" in unknown) is message.strict


def test_an_unknown_field_of_a_submission_is_named_by_its_path_and_read_from_the_record() -> None:
    given = dumped(SUBMISSION)
    given |= {"fee_chanel": "counter", "applicant": given["applicant"] | {"mail": "x"}}
    given |= {"papers": [{"code": "land_certificate", "on_paper": True}]}
    forbidden = {(field, "extra_forbidden") for field in ("fee_chanel", "applicant.mail", "papers[0].on_paper")}
    assert set(wrong_with(Submission, given)) == forbidden
    assert Submission.model_validate(given).applicant == SUBMISSION.applicant
    with pytest.raises(UnfitError, match="fee_chanel"):
        Submission(**given)


def test_a_number_is_no_text_and_a_text_is_no_number() -> None:
    assert wrong_with(cm.Answer, SAID | {"n": "1", "answer": "x"}) == [("n", "int_type")]
    assert wrong_with(cm.Accept, SAID | {"seen_seq": "3"}) == [("seen_seq", "int_type")]
    assert wrong_with(Submission, dumped(SUBMISSION) | {"level": "4"}) == [("level", "enum")]
    for level in (True, 4.0):
        assert wrong_with(Submission, dumped(SUBMISSION) | {"level": level}) == [("level", "int_type")]


@pytest.mark.parametrize(
    "wrong", [{"after": 2**31}, {"after": True}, {"after": "1"}, {"wait": "1"}, {"wait": True}], ids=repr
)
def test_a_question_is_taken_as_strictly(wrong: dict[str, Any]) -> None:
    question = {"ask": "changes", "stream": "filing:x"}
    QUESTION.validate_python(question | {"after": 2**31 - 1, "wait": 20})
    with pytest.raises(ValidationError):
        QUESTION.validate_python(question | wrong)
    for page in ({"limit": "5"}, {"limit": True}, {"open_only": 1}, {"open_only": "true"}):
        with pytest.raises(ValidationError):
            QUESTION.validate_python({"ask": "filings", "client_id": "x"} | page)


def test_who_says_it_counts_for_nothing_of_the_length_and_has_one_of_its_own() -> None:
    request = SAID | {"legal_basis": "x", "items": [{"target": "field", "code": "name", "note": "x"}]}
    room = MAX_COMMAND_BYTES - len(to_json(request | {"internal_note": ""}))
    notes = ["x" * length for length in (room, room + 1)]
    for statement in ({}, {"statement": "a.b." + "c" * (MAX_STATEMENT - 4)}):
        full, longer = (wrong_with(cm.RequestSupplement, request | statement | {"internal_note": one}) for one in notes)
        assert (("", "too_long") in full, longer) == (False, [("", "too_long")])
    oversized = {"statement": "a.b." + "c" * MAX_COMMAND_BYTES}
    assert wrong_with(cm.RequestSupplement, request | oversized) == [("", "too_long")]


def test_a_refusal_repeats_nothing_of_what_was_sent_and_has_an_end() -> None:
    secret = "Nguyễn Văn An"
    with pytest.raises(RefusalError) as error:
        command_from(cm.Withdraw, SAID | {"reason": 7, secret: secret, "0912345678": 1})
    assert secret not in str(error.value)
    assert "0912345678" not in str(error.value)
    assert len(wrong_with(cm.Withdraw, SAID | {"reason": "x"} | {f"f{n}": 1 for n in range(1000)})) == 100


def test_texts_are_composed_and_the_rest_is_left_alone() -> None:
    given = SUBMISSION.model_copy(update={"form": {"name": DECOMPOSED, "copies": 2}, "payer_account": DECOMPOSED})
    made = composed(given)
    assert (made.form, made.payer_account) == ({"name": COMPOSED, "copies": 2}, COMPOSED)
    assert made.model_copy(update={"form": given.form, "payer_account": given.payer_account}) == given
    assert composed(SUBMISSION) is SUBMISSION
    inspect = cm.Inspect.model_validate(
        SAID | {"held_at": "2026-11-25T03:00:00Z", "place": "x", "participants": ["x", DECOMPOSED], "findings": "x"}
    )
    assert composed(inspect).participants == ("x", COMPOSED)


def test_a_text_that_grows_in_nfc_is_refused() -> None:
    assert wrong_with(cm.Withdraw, SAID | {"reason": "\u0958"}) == [("reason", "not_nfc")]
