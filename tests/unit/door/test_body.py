"""The content of a request has only one reading, each field has its place, and unknown fields are refused."""

from typing import Any, Final
from uuid import UUID

import pytest

from gateway.door.body import DEEPEST, Request, UnreadableError, message, stream
from gateway.door.operations import OPERATIONS, Operation
from schemas.base import Model
from schemas.errors import RefusalError
from schemas.people import Role
from schemas.reading import AskActions, AskChanges, AskPersonsFilings, AskTasks

FILING: Final = "3422b1af-4224-4a93-acac-42560e742f6f"
BY_NAME: Final = {operation.name: operation for operation in OPERATIONS}
ACCEPT: Final = BY_NAME["filing.accept"]
OF_DOOR: Final = {
    "actor": {"subject": "h56|lan", "role": "specialist", "agency": "H56"},
    "via": {"principal": "portal-1", "channel": "online"},
}


def read(operation: Operation, path: dict[str, str] | None = None, **parts: Any) -> Any:
    return message(operation, Request({"filing_id": FILING} if path is None else path, **parts), OF_DOOR)


def refused(operation: Operation, path: dict[str, str] | None = None, **parts: Any) -> list[tuple[str, str]]:
    with pytest.raises(RefusalError) as why:
        read(operation, path, **parts)
    return [(one.field, one.rule) for one in why.value.refusal.problems]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b'{"command_id": "a", "command_id": "b"}', "duplicate_key"),
        (b'{"command_id": "a", "actor": {"role": "clerk", "role": "leader"}}', "duplicate_key"),
        (b'{"a": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "too_deep"),
        (b'{"a": ' + b"[" * 8000 + b"]" * 8000 + b"}", "too_deep"),
        (b'{"a": ' + b"[" * 16_000, "too_deep"),
        (b"[" * 100_000, "too_large"),
        (b'{"command_id": "' + b"a" * ACCEPT.limit + b'"}', "too_large"),
        (b'{"command_id": "\\ud800"}', "unreadable"),
        (b'{"command_id": "\xff"}', "unreadable"),
        (b'{"command_id": NaN}', "unreadable"),
        (b'{"command_id": 1e999}', "unreadable"),
        (b'{"command_id": ' + b"9" * 5000 + b"}", "unreadable"),
        (b'{"command_id": "a"', "unreadable"),
        (b"[]", "unreadable"),
    ],
)
def test_a_body_that_can_be_read_in_two_ways_or_in_none(body: bytes, rule: str) -> None:
    with pytest.raises(UnreadableError) as why:
        read(ACCEPT, body=body)
    assert why.value.problem.rule == rule


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"query": b"after=1&after=1"}, "duplicate_key"),
        ({"query": b"after"}, "unreadable_query"),
        ({"query": b"after=%ff"}, "unreadable_query"),
        ({"reason": b"%ff"}, "unreadable_reason"),
        ({"reason": "kiểm tra".encode()}, "unreadable_reason"),
    ],
)
def test_parameters_that_cannot_be_read(parts: dict[str, Any], rule: str) -> None:
    with pytest.raises(UnreadableError) as why:
        read(BY_NAME["filing.ask_changes"], **parts)
    assert why.value.problem.rule == rule


def test_a_nul_is_the_fault_of_a_text_that_can_be_read() -> None:
    asked = BY_NAME["filing.ask_changes"]
    bodies = (b'{"command_id": "a\\u0000"}', b'{"a\\u0000": 1}')
    found = [refused(ACCEPT, body=one) for one in bodies]
    found += [refused(asked, query=b"after=%00"), refused(asked, reason=b"a%00")]
    assert found == 4 * [[("", "nul")]]


def test_a_submission_may_be_longer_than_a_command() -> None:
    assert (BY_NAME["submit"].limit, ACCEPT.limit, BY_NAME["complain"].limit) == (65_536, 16_384, 16_384)


def test_the_deepest_permitted_body_reaches_the_model() -> None:
    inner = DEEPEST - 1
    assert refused(ACCEPT, body=b'{"command_id": "a", "x": ' + b"[" * inner + b"]" * inner + b"}") == [
        ("x", "extra_forbidden")
    ]


def test_a_command_is_made_of_body_address_and_door() -> None:
    command = read(ACCEPT, body=b'{"command_id": "a-1", "seen_seq": 3}')
    assert command.model_dump(mode="json", exclude_none=True) == {
        "kind": "accept", "command_id": "a-1", "seen_seq": 3, **OF_DOOR,
    }  # fmt: skip
    other = read(ACCEPT, body=b'{"command_id": "a-1", "actor": {"subject": "x", "role": "clerk"}}')
    assert (other.actor.role, other.via.principal) == (Role.CLERK, "portal-1")


@pytest.mark.parametrize("field", ["kind", "statement", "nobody_knows_it"])
def test_a_body_says_nothing_that_token_and_address_say(field: str) -> None:
    assert refused(ACCEPT, body=b'{"command_id": "a-1", "%s": "accept"}' % field.encode()) == [
        (field, "extra_forbidden")
    ]


def test_unknown_fields_are_refused_at_every_depth() -> None:
    body = b'{"command_id": "a-1", "actor": {"subject": "x", "role": "clerk", "rank": 1}}'
    assert refused(ACCEPT, body=body) == [("actor.rank", "extra_forbidden")]
    named = refused(BY_NAME["submit"], {}, body=b'{"applicant": {"rank": 1}}')
    assert ("applicant.rank", "extra_forbidden") in named


def test_no_field_comes_from_the_wrong_place() -> None:
    changes, persons = BY_NAME["filing.ask_changes"], BY_NAME["ask_persons_filings"]
    assert refused(changes, query=b"stream=filing:x") == [("stream", "extra_forbidden")]
    assert refused(changes, query=b"reason=x") == [("reason", "extra_forbidden")]
    assert refused(changes, query=b"before=1") == [("before", "extra_forbidden")]
    assert refused(persons, {}, query=b"id_number=012345678901") == [("id_number", "extra_forbidden")]
    assert refused(ACCEPT, query=b"command_id=a", body=b"{}") == [("command_id", "extra_forbidden")]


def test_texts_become_what_the_model_has() -> None:
    query = b"role=specialist&overdue=true&due_before=2026-01-01T00:00:00%2B07:00&limit=5&agency=H56"
    tasks: Model = read(BY_NAME["ask_tasks"], {}, query=query, reason=b"ki%E1%BB%83m tra")
    assert tasks == AskTasks.model_validate({
        "role": "specialist", "overdue": True, "due_before": "2025-12-31T17:00:00Z", "limit": 5, "agency": "H56",
        "reason": "kiểm tra",
    })  # fmt: skip
    assert read(BY_NAME["filing.ask_changes"], query=b"after=3&wait=2.5") == AskChanges(
        stream=f"filing:{FILING}", after=3, wait=2.5
    )
    assert refused(BY_NAME["filing.ask_changes"], query=b"after=x") == [("after", "int_parsing")]


def test_what_is_confidential_comes_in_the_body() -> None:
    asked = read(BY_NAME["ask_persons_filings"], {}, body=b'{"id_number": "012345678901", "limit": 3}')
    assert asked == AskPersonsFilings(id_number="012345678901", limit=3)
    actions = read(BY_NAME["payment.ask_actions"], {"filing_id": FILING, "n": "2"})
    assert actions == AskActions.model_validate({"stream": f"payment:{FILING}:2", "actor": OF_DOOR["actor"]})


@pytest.mark.parametrize("number", ["0", "01", "-1", "x", "", "٣", "9" * 5000])
def test_an_address_that_no_stream_has_is_like_one_that_nothing_is_recorded_under(number: str) -> None:
    path = {"filing_id": FILING, "n": number}
    assert refused(BY_NAME["payment.ask_payment"], path) == [("stream", "nothing_recorded")]


@pytest.mark.parametrize("filing", [FILING.upper(), "x", f"{{{FILING}}}", f"{FILING}:1"])
def test_a_filing_has_one_spelling(filing: str) -> None:
    with pytest.raises(RefusalError):
        stream(ACCEPT, {"filing_id": filing})


def test_the_stream_of_an_address() -> None:
    filing = UUID(FILING)
    assert stream(BY_NAME["refund.ask_receipt"], {"filing_id": FILING, "n": "1001"}) == ("refund", filing, 1001)
    assert stream(BY_NAME["complain"], {"filing_id": FILING}) == ("filing", filing, 0)
    assert stream(BY_NAME["ask_agency"], {"agency": "H56"}) is None
