"""Bodies and queries are read strictly, and each refusal has a code, a status and words."""

import json
import time
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.door.operations import OPERATIONS, Operation
from gateway.door.problems import STATUS, DoorCode, DoorError, answer_to
from gateway.door.requests import fields_in, message_from, stream_in
from gateway.door.tokens import NotAuthenticatedError, Reason
from schemas.errors import NOT_FOUND, RefusalCode, RefusalError

BY_NAME: Final = {one.name: one for one in OPERATIONS}
JSON: Final = {"content-type": "application/json"}
FILING: Final = "5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2"
ACTOR: Final = {"subject": "an", "role": "applicant"}
WITHDRAW: Final = {"kind": "withdraw", "command_id": "c-1", "actor": ACTOR, "via": {"principal": "p"}, "reason": "r"}


async def read(operation: Operation, path: str, **request: Any) -> httpx.Response:
    """Returns the answer of a server that reads a request of this operation, and writes its message."""

    async def handle(asked: Request) -> Response:
        try:
            fields = await fields_in(operation, asked)
            stream = stream_in(operation, asked)
            fields |= {"stream": stream} if operation.method == "GET" and stream else {}
            return JSONResponse(message_from(operation, fields).model_dump(mode="json"))
        except (DoorError, RefusalError) as error:
            return answer_to(error, "en", "r-1")

    app = Starlette(routes=[Route(operation.path, handle, methods=[operation.method])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door.test") as client:
        return await client.request(operation.method, path, **request)


async def posted(content: bytes, headers: dict[str, str] = JSON) -> tuple[int, str]:
    path = f"/v1/filings/{FILING}/commands/withdraw"
    answer = await read(BY_NAME["filing_withdraw"], path, content=content, headers=headers)
    return answer.status_code, answer.json().get("code", "")


async def test_a_body_is_one_json_object_that_can_be_read_in_one_way() -> None:
    good = json.dumps(WITHDRAW).encode()
    assert (await posted(good))[0] == 200
    twice = good[:-1] + b', "reason": "other"}'
    deep = b'{"reason": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    for body in (b"", b"[]", b"{", twice, deep, good.replace(b'"r"', b"NaN"), b"\xff\xfe"):
        assert await posted(body) == (400, "malformed"), body[:40]
    assert await posted(good, {"content-type": "text/plain"}) == (415, "media_type")
    assert await posted(b" " * 70_000) == (413, "too_large")
    nested = json.dumps(WITHDRAW | {"via": {"principal": "p", "extra": 1}}).encode()
    assert await posted(nested) == (422, "bad_command")
    assert await posted(json.dumps(WITHDRAW | {"reason": "a\x00b"}).encode()) == (422, "bad_command")


async def test_a_deep_body_costs_little() -> None:
    begun = time.process_time()
    assert await posted(b"[" * 60_000) == (400, "malformed")
    assert time.process_time() - begun < 1


async def test_a_query_is_typed_and_has_each_parameter_once() -> None:
    changes = BY_NAME["changes"]
    path = f"/v1/filings/{FILING}/changes"
    good = await read(changes, f"{path}?after=3&wait=0.5")
    assert (good.json()["after"], good.json()["wait"]) == (3, 0.5)
    assert good.json()["stream"] == f"filing:{FILING}"
    for query, field in (("after=x", "after"), ("after=-1", "after"), ("reason=r", "reason"), ("x=1", "x")):
        answer = await read(changes, f"{path}?{query}")
        assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, field), query
    assert (await read(changes, f"{path}?after=1&after=2")).status_code == 422
    tasks = await read(BY_NAME["tasks"], "/v1/tasks?overdue=true&limit=5&due_before=2026-12-02T00:00:00Z")
    assert (tasks.json()["overdue"], tasks.json()["limit"]) == (True, 5)


async def test_what_is_no_stream_is_answered_as_one_that_never_was() -> None:
    for path in ("/v1/payments/x/1", f"/v1/payments/{FILING}/0", f"/v1/payments/{FILING}/01"):
        answer = await read(BY_NAME["payment"], path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.json()["problems"] == [one.model_dump() for one in NOT_FOUND.problems]


def test_each_code_has_a_status_and_each_reason_words_in_both_languages() -> None:
    assert set(STATUS) == {*RefusalCode, *DoorCode}
    for code in DoorCode:
        answer = answer_to(DoorError(code), "vi", "r-1")
        assert answer.status_code == STATUS[code]
    for reason in Reason:
        for language in ("vi", "en"):
            body = json.loads(bytes(answer_to(NotAuthenticatedError(reason), language, "r-1").body))
            assert body["detail"] == body["problems"][0]["message"][language]
            assert body["status"] == (503 if reason is Reason.ISSUER_AWAY else 401)


@pytest.mark.parametrize("error", [ValueError("secret"), KeyError("secret")])
def test_an_error_of_ours_says_nothing_of_itself(error: Exception) -> None:
    answer = answer_to(error, "en", "r-1")
    assert answer.status_code == 500
    assert b"secret" not in bytes(answer.body)
