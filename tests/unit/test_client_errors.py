"""What comes out of a workflow becomes a typed error; what passes by itself is tried again."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

import motcua
import schemas
from motcua import contract, testing
from motcua.backoffice import BackOffice, Document, queue_of
from motcua.calls.retry import patiently
from motcua.calls.sending import _digest_of
from motcua.errors import MotcuaError, RefusedError, Unavailable, error_from
from motcua.payloads.converter import data_converter

PROBLEM = {"field": "papers.mandate", "rule": "paper_required", "message": {"vi": "thiếu giấy tờ", "en": "missing"}}


def failure(code: str, *details: Any) -> ApplicationError:
    return ApplicationError("said in short", *details, type=code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("bad_start", motcua.BadSubmission),
        ("bad_submission", motcua.BadSubmission),
        ("bad_command", motcua.BadCommand),
        ("not_allowed", motcua.NotAllowed),
        ("not_authorised", motcua.NotAuthorised),
        ("same_id_other_content", motcua.SameIdOtherContent),
        ("not_ready", motcua.NotReady),
        ("ledger_conflict", motcua.LedgerConflict),
        ("internal_error", motcua.InternalError),
    ],
)
def test_every_code_has_its_type(code: str, kind: type[RefusedError]) -> None:
    error = error_from(failure(code, {"code": code, "problems": [PROBLEM], "allowed": ["withdraw"]}))
    assert type(error) is kind
    assert isinstance(error, RefusedError)
    assert error.refusal.problems[0].message.vi == "thiếu giấy tờ"
    assert error.refusal.allowed == ("withdraw",)
    assert "papers.mandate: missing" in str(error)


def test_no_code_of_the_contract_is_left_out() -> None:
    for code in contract.RefusalCode:
        assert isinstance(error_from(failure(code)), RefusedError)


def test_a_refusal_without_details_keeps_its_message() -> None:
    error = error_from(failure("ledger_conflict"))
    assert isinstance(error, motcua.LedgerConflict)
    assert str(error) == "said in short [ledger_conflict]"


def test_what_the_contract_does_not_know_is_still_ours() -> None:
    assert type(error_from(failure("tomorrow"))) is MotcuaError
    assert type(error_from(ValueError("x"))) is MotcuaError


def rpc(status: RPCStatusCode) -> RPCError:
    return RPCError("why", status, b"")


@pytest.mark.parametrize(
    "passing",
    [
        rpc(RPCStatusCode.UNAVAILABLE),
        rpc(RPCStatusCode.DEADLINE_EXCEEDED),
        rpc(RPCStatusCode.FAILED_PRECONDITION),
        rpc(RPCStatusCode.RESOURCE_EXHAUSTED),
        rpc(RPCStatusCode.CANCELLED),
        WorkflowUpdateRPCTimeoutOrCancelledError(),
        RuntimeError("Failed client connect: refused"),
    ],
)
async def test_what_passes_is_tried_again(passing: Exception) -> None:
    left = [passing, passing]

    async def attempt(_: timedelta) -> str:
        if left:
            raise left.pop()
        return "done"

    assert await patiently(attempt, 10) == "done"


@pytest.mark.parametrize("final", [rpc(RPCStatusCode.PERMISSION_DENIED), rpc(RPCStatusCode.NOT_FOUND)])
async def test_what_does_not_pass_is_told_at_once(final: Exception) -> None:
    calls = 0

    async def attempt(_: timedelta) -> None:
        nonlocal calls
        calls += 1
        raise final

    with pytest.raises(MotcuaError, match="why"):
        await patiently(attempt, 10)
    assert calls == 1


async def test_patience_ends() -> None:
    async def attempt(limit: timedelta) -> None:
        await asyncio.sleep(limit.total_seconds() + 60)

    started = time.monotonic()
    with pytest.raises(Unavailable, match="repeating is safe"):
        await patiently(attempt, 0.5)
    assert time.monotonic() - started < 2


async def test_a_cancelled_call_stops_although_the_sdk_hides_it() -> None:
    async def attempt(_: timedelta) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            raise WorkflowUpdateRPCTimeoutOrCancelledError from error

    call = asyncio.create_task(patiently(attempt, 60))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 2)


async def test_a_time_limit_around_a_call_works_although_the_sdk_hides_it() -> None:
    async def attempt(_: timedelta) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            raise WorkflowUpdateRPCTimeoutOrCancelledError from error

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await patiently(attempt, 60)


def content(**overrides: Any) -> dict[str, Any]:
    return testing.submission(**overrides).model_dump(mode="json", exclude_none=True)


def test_a_submission_that_is_too_long_is_refused_here() -> None:
    long = content(form={f"f{n}": "x" * 4000 for n in range(17)})
    with pytest.raises(motcua.BadSubmission) as error:
        _digest_of(long)
    assert error.value.refusal.code == "bad_start"
    assert error.value.refusal.problems[0].rule == "too_long"


def test_a_number_that_json_cannot_hold_is_refused_here() -> None:
    with pytest.raises(motcua.BadSubmission) as error:
        _digest_of(content(form={"n": 2**53}))
    assert error.value.refusal.problems[0].rule == "not_canonical_json"


async def test_json_leaves_none_out_and_keeps_the_nulls_of_plain_data() -> None:
    made = testing.submission()
    [payload] = await data_converter.encode([made])
    assert b"null" not in payload.data
    assert await data_converter.decode([payload], [motcua.Submission]) == [made]
    [plain] = await data_converter.encode([{"kept": None}])
    assert plain.data == b'{"kept":null}'
    assert await DataConverter.default.decode([payload]) == [made.model_dump(mode="json", exclude_none=True)]


async def test_the_default_result_is_the_same_bytes_each_time() -> None:
    request = testing.issue_request(outcome="refused", reason="thiếu căn cứ")
    first, second = await BackOffice().issue(request), await BackOffice().issue(request)
    assert first == second
    assert isinstance(first, Document)
    assert "Từ chối / Refused" in first.data.decode()
    assert "thiếu căn cứ" in first.data.decode()
    assert await BackOffice().check(request.dossier)


def test_an_agency_has_its_queue() -> None:
    assert queue_of("H01.12") == "agency.H01.12"
    assert queue_of(None) == contract.DEFAULT_BACK_OFFICE_QUEUE


def test_the_whole_contract_is_in_the_kit() -> None:
    exported = vars(schemas)["__all__"]
    assert [name for name in exported if getattr(motcua, name) is not getattr(schemas, name)] == []
    assert [name for name in exported if not hasattr(contract, name)] == []


@pytest.mark.parametrize("why", ["AcceptedUpdateCompletedWorkflow", "UnprocessedUpdate", "not_allowed"])
async def test_a_command_that_the_server_gave_up_is_looked_for_and_one_that_was_refused_is_not(
    monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    class Handle:
        async def execute_update(self, *_: Any, **__: Any) -> Any:
            raise WorkflowUpdateFailedError(failure(why))

    class Temporal:
        def __init__(self) -> None:
            self.data_converter = data_converter

        def get_workflow_handle(self, _: str) -> Handle:
            return Handle()

    client = motcua.FilingClient(cast("Any", Temporal()), patience=1)
    command = motcua.Withdraw.model_validate(
        {
            "command_id": "w",
            "actor": {"subject": "an", "role": "applicant"},
            "via": {"principal": "portal"},
            "reason": "x",
        }
    )
    receipt = contract.Receipt(command_id="w", digest=contract.content_of(command), seq=3, at=datetime.now(UTC))

    async def recorded(*_: Any) -> Any:
        return receipt

    monkeypatch.setattr(client, "_recorded_before_the_end", recorded)
    filing = contract.filing_id("portal", "1")
    if why == "not_allowed":
        with pytest.raises(motcua.NotAllowed):
            await client.act(filing, command)
    else:
        assert await client.act(filing, command) == receipt


async def test_the_record_is_asked_for_what_had_no_answer_before_it_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = 0

    class Temporal:
        data_converter = data_converter

        async def execute_update_with_start_workflow(self, *_: Any, **__: Any) -> Any:
            nonlocal sent
            sent += 1
            raise WorkflowUpdateRPCTimeoutOrCancelledError

    client = motcua.FilingClient(cast("Any", Temporal()), patience=10)
    submission = motcua.testing.submission()
    digest = contract.content_digest(submission.model_dump(mode="json", exclude_none=True))
    receipt = contract.Receipt(command_id="submit", digest=digest, seq=1, at=datetime.now(UTC))

    async def recorded(question: contract.AskReceipt, *_: Any) -> Any:
        assert question.stream.startswith("filing:")
        return receipt

    monkeypatch.setattr(client, "_ask", recorded)
    monkeypatch.setattr("motcua.calls.sending._forget", nothing_to_forget)
    assert await client.submit(submission) == receipt
    assert sent == 1


async def nothing_to_forget(_: Any) -> None:
    """There is no other copy of the error."""
