"""The OpenAPI document is valid, and equals the stored document, which `make golden` writes."""

import json
import os
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from pydantic_core import from_json, to_json

from gateway.door.body import Request, message
from gateway.door.drafts.routes import DRAFTS
from gateway.door.kept.received import Kept, Outcome
from gateway.door.openapi import document
from gateway.door.operations import OPERATIONS, Operation, Place
from gateway.door.pages.examples import FILE, row_of
from gateway.door.pages.own import OWN, Me
from gateway.door.public.by_hand import BY_HAND
from schemas.errors import RefusalError
from tests.contract.kept import golden
from tests.contract.messages import dumped
from tests.contract.samples import APPLICANT, SAMPLES

GOLDEN: Final = Path(__file__).with_name("openapi.json")
FILING: Final = "3422b1af-4224-4a93-acac-42560e742f6f"
WHOLE: Final = (*OPERATIONS, *OWN)
_RECEIPT: Final = SAMPLES["receipt"]
_OF_THE_DOOR: Final = (
    Me(issuer="vneid", client="portal-1", actor=APPLICANT, acr="2", amr=("pwd", "otp"), auth_time=1_795_575_600),
    Kept(id=UUID(FILING), received_at=_RECEIPT.at),
    Outcome(received_at=_RECEIPT.at, receipt=_RECEIPT),
)


def samples() -> dict[str, Any]:
    """Returns the samples of the document's messages, by the name of their model."""
    by_model = {type(sample).__name__: dumped(sample) for sample in (*SAMPLES.values(), *_OF_THE_DOOR)}
    models = {model for one in WHOLE for model in (one.message, row_of(one.answer))} | {Kept}
    return {name: by_model[name] for name in sorted(model.__name__ for model in models) if name in by_model}


def written(value: Any, depth: int = 3) -> str:
    """Returns the document as JSON with a line for each address and each component."""
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    inside = ",\n".join(f"{json.dumps(name)}: {written(part, depth - 1).rstrip()}" for name, part in value.items())
    return f"{{\n{inside}\n}}\n"


def _document() -> dict[str, Any]:
    """Returns the document. `make golden` also writes it to its file, and before that its examples."""
    anew = os.environ.get("MOTCUA_GOLDEN") == "write"
    if anew:
        FILE.write_text(written(samples(), 1), encoding="utf-8")
    made: dict[str, Any] = from_json(to_json(document(WHOLE)))
    if anew:
        GOLDEN.write_text(written(made), encoding="utf-8")
    return made


DOCUMENT: Final = _document()


def test_the_document_is_what_it_was() -> None:
    assert GOLDEN.read_text(encoding="utf-8") == written(DOCUMENT), "read the diff of `make golden`"


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


def test_every_refusal_is_the_one_problem() -> None:
    responses = DOCUMENT["components"]["responses"]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/HttpProblem"}}}
    assert [
        status for status, response in responses.items() if response["content"] != problem and status != "Kept"
    ] == []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            statuses = set(operation["responses"]) - {"200", "201", "204"}
            if path in {one.path for one in BY_HAND}:
                assert operation["security"] == []
                assert ({"429", "500", "503"} <= statuses, "401" in statuses) == (True, False), path
                continue
            assert {"401", "500", "503"} <= statuses, path
            if path in {one.path for one in DRAFTS}:
                assert {"403", "429"} <= statuses, path
            elif path not in {one.path for one in OWN}:
                assert {"400", "403", "404", "422", "429"} <= statuses, path
            assert (method in {"post", "put"}) is ("413" in statuses)


@pytest.mark.parametrize("operation", WHOLE, ids=lambda one: one.name)
def test_every_body_and_every_answer_has_an_example_that_fits(operation: Operation) -> None:
    made = DOCUMENT["paths"][operation.path][operation.method.lower()]
    contents = [made["responses"][str(operation.status)]["content"]]
    contents += [made["requestBody"]["content"]] if operation.method == "POST" else []
    for content in contents:
        shown = content["application/json"]
        errors = _validator(shown["schema"]).iter_errors(shown["example"])
        assert [error.message for error in errors] == []


def test_what_may_be_kept_is_answered_with_202() -> None:
    kept = {
        path for path, methods in DOCUMENT["paths"].items() if "202" in methods.get("post", {}).get("responses", ())
    }
    assert {"/v1/filings", "/v1/filings/{filing_id}/complaints", "/v1/filings/{filing_id}/commands/supplement"} <= kept
    assert "/v1/filings/{filing_id}/commands/refuse_intake" not in kept
    answer = DOCUMENT["components"]["responses"]["Kept"]
    shown = answer["content"]["application/json"]
    assert "Location" in answer["headers"]
    assert _validator(shown["schema"]).is_valid(shown["example"])


def test_the_headers_of_requests_and_answers_are_in_the_document() -> None:
    accept = DOCUMENT["paths"]["/v1/filings/{filing_id}/commands/accept"]["post"]
    named = {one["$ref"].rsplit("/", 1)[-1] for one in accept["parameters"] if "$ref" in one}
    assert named == {"Idempotency-Key", "If-Match", "Accept-Language"}
    assert set(accept["responses"]["200"]["headers"]) == {"ETag", "X-Request-Id"}
    begun = {path for path, made in DOCUMENT["paths"].items() if "201" in made.get("post", {}).get("responses", ())}
    assert begun == {"/v1/filings", "/v1/filings/{filing_id}/complaints"}
    for path in begun:
        created = DOCUMENT["paths"][path]["post"]["responses"]["201"]
        assert set(created["headers"]) == {"ETag", "Location", "X-Request-Id"}
    refusals = DOCUMENT["components"]["responses"]
    assert [status for status, one in refusals.items() if "Retry-After" in one["headers"]] == ["429", "503"]
    with_412 = {path for path, made in DOCUMENT["paths"].items() if "412" in made.get("post", {}).get("responses", ())}
    assert with_412 == {path for path in DOCUMENT["paths"] if "/commands/" in path}


def test_answers_have_no_null() -> None:
    named = {name: part for name, part in DOCUMENT["components"]["schemas"].items() if not name.endswith("Input")}
    assert [name for name, part in named.items() if '{"type": "null"}' in json.dumps(part)] == []


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.method == "POST"], ids=lambda one: one.name)
def test_a_body_that_is_read_fits_its_schema(operation: Operation) -> None:
    whole = golden(_golden_name(operation))
    able = operation.at(Place.BODY)
    body = {name: value for name, value in whole.items() if name in able}
    schema = _schema(operation)
    assert [error.message for error in schema.iter_errors(body)] == []
    path = {"filing_id": FILING, "n": "1"} if "{n}" in operation.path else {"filing_id": FILING}
    via = {"principal": "portal-1"}

    def read(content: Any) -> Any:
        return message(operation, Request(path, body=json.dumps(content).encode()), {"via": via})

    assert read(body).model_dump(mode="json", exclude_none=True).items() >= body.items()
    stranger = body | {"nobody_knows_it": 1}
    assert not schema.is_valid(stranger)
    with pytest.raises(RefusalError):
        read(stranger)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.method == "POST"], ids=lambda one: one.name)
def test_a_body_may_be_left_out_where_the_document_says_so_and_nowhere_else(operation: Operation) -> None:
    path = {"filing_id": FILING, "n": "1"} if "{n}" in operation.path else {"filing_id": FILING}
    by_token = {"actor": dumped(APPLICANT), "via": {"principal": "portal-1"}}
    needed = DOCUMENT["paths"][operation.path]["post"]["requestBody"]["required"]
    assert needed is (operation.name.rpartition(".")[2] != "ask_actions")
    if not needed:
        assert message(operation, Request(path), by_token) == message(operation, Request(path, body=b"{}"), by_token)
        return
    with pytest.raises(RefusalError) as refused:
        message(operation, Request(path), by_token)
    assert "missing" in {one.rule for one in refused.value.refusal.problems}


def _golden_name(operation: Operation) -> str:
    name = operation.name.rpartition(".")[2]
    if operation.is_question:
        return "ask." + name.removeprefix("ask_")
    return {"submit": "submission", "complain": "complaint_input"}.get(name, f"command.{name}")


def _schema(operation: Operation) -> Draft202012Validator:
    return _validator(DOCUMENT["paths"][operation.path]["post"]["requestBody"]["content"]["application/json"]["schema"])


def _validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": DOCUMENT["components"]})
