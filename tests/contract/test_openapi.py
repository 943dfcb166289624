"""The OpenAPI document: valid, and what it was; `make golden` writes it anew."""

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from gateway.door.body import Request, message
from gateway.door.openapi import document
from gateway.door.operations import OPERATIONS, Operation, Place
from schemas.errors import RefusalError
from tests.contract.kept import golden

GOLDEN: Final = Path(__file__).with_name("openapi.json")
FILING: Final = "3422b1af-4224-4a93-acac-42560e742f6f"
DOCUMENT: Final[dict[str, Any]] = json.loads(json.dumps(document(OPERATIONS)))


@pytest.fixture(scope="session", autouse=True)
def _written_anew() -> None:
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        GOLDEN.write_text(written(DOCUMENT), encoding="utf-8")


def written(value: Any, depth: int = 3) -> str:
    """Returns the document as JSON with a line for each address and each component."""
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    inside = ",\n".join(f"{json.dumps(name)}: {written(part, depth - 1).rstrip()}" for name, part in value.items())
    return f"{{\n{inside}\n}}\n"


def test_the_document_is_what_it_was() -> None:
    assert GOLDEN.read_text(encoding="utf-8") == written(DOCUMENT), "read the diff of `make golden`"


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


def test_every_refusal_is_the_one_problem() -> None:
    responses = DOCUMENT["components"]["responses"]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/HttpProblem"}}}
    assert [status for status, response in responses.items() if response["content"] != problem] == []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            statuses = set(operation["responses"]) - {"200", "201"}
            assert {"400", "401", "403", "404", "422", "429", "500", "503"} <= statuses, path
            assert (method == "post") is ("413" in statuses)


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


def _golden_name(operation: Operation) -> str:
    name = operation.name.rpartition(".")[2]
    if operation.is_question:
        return "ask." + name.removeprefix("ask_")
    return {"submit": "submission", "complain": "complaint_input"}.get(name, f"command.{name}")


def _schema(operation: Operation) -> Draft202012Validator:
    body = DOCUMENT["paths"][operation.path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator(body | {"components": DOCUMENT["components"]})
