"""The kit by itself: its names, its own mistakes, what it keeps in mind, and its words for what does not fit."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

import pytest
from pydantic import ValidationError

import motcua
from motcua import (
    Accept,
    Actor,
    BadCommand,
    BadSubmission,
    BlockingFilingClient,
    FilingClient,
    MotcuaError,
    Receipt,
    RefusalCode,
    UnfitError,
    Via,
    testing,
)
from motcua.blocking import BlockingActingClient
from motcua.errors import refused_for
from motcua.signing.receipt_cache import _MOST, Known
from schemas.errors import problem, shape_refusal
from tests.contract.fitting import broken
from tests.contract.messages import MESSAGES, READ, sample
from tests.walking import walked

EXPORTED: Final[list[str]] = vars(motcua)["__all__"]
RECEIPT: Final = Receipt(command_id="c", digest="0" * 64, seq=1, at="2026-11-25T02:00:00Z")


def test_what_the_kit_exports_is_there_and_is_said() -> None:
    assert all(hasattr(motcua, name) for name in EXPORTED)
    assert {"FilingClient", "Submission", "Accept", "MotcuaError", "filing_id"} <= set(EXPORTED)
    public = {name for name, value in vars(motcua).items() if inspect.isclass(value) and not name.startswith("_")}
    assert public - set(EXPORTED) == set()


@pytest.mark.parametrize(
    ("make", "field", "rule"),
    [
        (lambda: Via(principal="not a key"), "principal", "string_pattern_mismatch"),
        (lambda: Actor(subject="x", role="boss"), "role", "enum"),
        (lambda: Accept(command_id="a", actor={"subject": "x"}, via={"principal": "p"}), "actor.role", "missing"),
        (lambda: testing.submission(agency="h01"), "agency", "string_pattern_mismatch"),
    ],
)
def test_a_wrong_message_made_here_is_ours_and_names_its_place(
    make: Callable[[], object], field: str, rule: str
) -> None:
    with pytest.raises(MotcuaError) as raised:
        make()
    assert isinstance(raised.value, UnfitError)
    (problem,) = raised.value.problems
    assert (problem.field, problem.rule) == (field, rule)
    assert field in str(raised.value)


async def test_what_is_no_message_is_refused_here_by_its_field_and_rule() -> None:
    client = await FilingClient.connect("127.0.0.1:1", patience=0.2)
    with pytest.raises(BadSubmission, match="make one by its fields") as submission:
        await client.submit({"client_id": "x"})  # type: ignore[arg-type]
    with pytest.raises(BadCommand, match="make one by its fields") as command:
        await client.act("filing:x", {"kind": "accept"})  # type: ignore[arg-type]
    assert submission.value.refusal.problems[0].rule == command.value.refusal.problems[0].rule == "model_type"
    with pytest.raises(UnfitError, match="limit"):
        await client.filings("x", limit=0)


@walked("name", READ, at_least=80)
def test_what_does_not_fit_is_said_in_our_own_words(name: str) -> None:
    message = MESSAGES[name]
    for wrong in [*broken(sample(message)), {}]:
        try:
            message.model.model_validate(wrong, extra="forbid" if message.strict else None)
        except ValidationError as error:
            for problem in shape_refusal(RefusalCode.BAD_COMMAND, error).refusal.problems:
                said = problem.message
                assert not {"Input", "instance", "pydantic", "unhashable"} & set(said.en.split()), said.en
                assert said.vi != "giá trị không hợp lệ; xem JSON Schema của thông điệp", problem.rule


def methods(of: type) -> dict[str, Any]:
    return {name: value for name, value in inspect.getmembers(of, callable) if not name.startswith("_")}


def test_whatever_the_client_can_do_can_be_waited_for() -> None:
    assert set(methods(FilingClient)) == set(methods(BlockingFilingClient)) - {"close"}
    assert set(methods(motcua.ActingClient)) == set(methods(BlockingActingClient))
    for name, method in methods(FilingClient).items():
        assert not inspect.iscoroutinefunction(methods(BlockingFilingClient)[name]), name
        assert list(inspect.signature(method).parameters) == list(
            inspect.signature(methods(BlockingFilingClient)[name]).parameters
        )


def test_a_client_keeps_receipts_in_mind_and_what_had_no_answer() -> None:
    known = Known()
    assert (known.receipt("s", "c"), known.is_open("s", "c")) == (None, False)
    with pytest.raises(TimeoutError), known.asking("s", "c"):
        raise TimeoutError
    assert (known.receipt("s", "c"), known.is_open("s", "c")) == (None, True)
    with pytest.raises(BadCommand), known.asking("s", "c"):
        raise refused_for(RefusalCode.BAD_COMMAND, problem("", "not_ready"))
    assert not known.is_open("s", "c"), "the answer was no"
    known.keep("s", "c", RECEIPT)
    assert (known.receipt("s", "c"), known.is_open("s", "c")) == (RECEIPT, False)
    for n in range(_MOST):
        known.keep("s", str(n), RECEIPT)
    assert known.receipt("s", "c") is None


def test_a_client_keeps_in_mind_how_far_each_stream_had_come() -> None:
    known = Known()
    for seq in (3, 7, 5):
        known.keep("s", str(seq), RECEIPT.model_copy(update={"seq": seq}))
    known.keep("s", "no answer", None)
    assert (known.seen_seq("s"), known.seen_seq("other")) == (7, 0)
    for n in range(_MOST):
        known.keep(str(n), "c", RECEIPT)
    assert known.seen_seq("s") == 0
