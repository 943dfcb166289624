"""The OpenAPI document of the HTTP API, made from its operations with the published schemas of the contract."""

import inspect
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from gateway.door.drafts.routes import DRAFTS
from gateway.door.kept.received import SIDE, Kept
from gateway.door.operations import Operation, Place
from gateway.door.pages.examples import of_answer, of_body
from gateway.door.pages.headers import HEADERS, OF_STATUS, PARAMETERS, REASON_HEADER
from gateway.door.public.by_hand import BY_HAND
from gateway.problems import MEDIA_TYPE, STATUS, HttpProblem
from motcua.json_schema.documents import Plain

_SCHEMAS: Final = "#/components/schemas/"
_PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}HttpProblem"}}}
_BESIDE: Final = (*BY_HAND, *DRAFTS)
_INPUT: Final = "Input"
"""The suffix of the names of request schemas. Unlike answers' objects, requests' objects take no unknown fields."""


def document(operations: Iterable[Operation]) -> JsonSchemaValue:
    """Returns the OpenAPI document of these operations."""
    every = sorted(operations, key=lambda one: (one.path, one.method))
    requests, asked = _requests(every)
    types = [(one.name, one.answer) for one in every] + [(one.name, one.answer) for one in _BESIDE]
    answers, told = _schemas([*types, ("", HttpProblem), (_KEPT, Kept)], "serialization", _WithoutNull)
    parts = asked | told
    paths = {
        path: {one.method.lower(): _operation(one, requests[one.name], answers[one.name]) for one in same}
        for path, same in groupby(every, key=lambda one: one.path)
    }
    for one in _BESIDE:
        paths.setdefault(one.path, {})[one.method.lower()] = one.described(answers[one.name])
    return {
        "openapi": "3.1.0",
        "info": {"title": "motcua", "version": "1", "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": {name: parts[name] for name in sorted(_named({"HttpProblem", "Kept"} | {*_refs(paths)}, parts))},
            "responses": {_KEPT: _kept(answers[_KEPT]), **dict(_refusals())},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"token": []}],
    }


class _WithoutNull(Plain):
    """Removes null from the schemas: answers and parameters leave out a field that is not set."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        return {name: value for name, value in made.items() if (name, value) != ("default", None)}


def _requests(operations: list[Operation]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the schema of each operation's message, and the schemas that it refers to. All forbid unknown fields."""
    made, parts = dict[str, Any](), dict[str, Any]()
    for method, generator in {"GET": _WithoutNull, "POST": Plain}.items():
        types = [(one.name, one.message) for one in operations if one.method == method]
        some, more = _schemas(types, "validation", generator)
        made, parts = made | some, parts | more
    closed = {name: _closed(part) for name, part in parts.items()}
    return {name: _closed(_resolved(schema, parts)) for name, schema in made.items()}, closed


def _schemas(
    types: list[tuple[str, Any]], mode: Literal["validation", "serialization"], generator: type[Plain]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the schema of each type, by its name here, and the schemas to which these refer."""
    ending = _INPUT if mode == "validation" else ""
    made, rest = TypeAdapter.json_schemas(
        [(name, mode, TypeAdapter[Any](of)) for name, of in types],
        schema_generator=generator,
        ref_template=f"{_SCHEMAS}{{model}}{ending}",
    )
    parts = {f"{name}{ending}": part for name, part in rest.get("$defs", {}).items()}
    return {name: schema for (name, _), schema in made.items()}, parts


def _closed(schema: JsonSchemaValue) -> JsonSchemaValue:
    return schema | {"additionalProperties": False} if "properties" in schema else schema


def _resolved(schema: JsonSchemaValue, parts: dict[str, Any]) -> JsonSchemaValue:
    return parts[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def _body(operation: Operation, message: JsonSchemaValue) -> JsonSchemaValue:
    """Returns the schema of a body: the message without the fields that the token and the address determine."""
    able = operation.at(Place.BODY)
    needed = [name for name in message.get("required", ()) if name in able and name not in {"actor", "via"}]
    fields = {name: field for name, field in message["properties"].items() if name in able}
    return message | {"properties": fields, "required": needed}


def _operation(operation: Operation, message: JsonSchemaValue, answer: JsonSchemaValue) -> JsonSchemaValue:
    says = inspect.getdoc(operation.message) or ""
    made: JsonSchemaValue = {
        "operationId": operation.name,
        "summary": says.split("\n")[0],
        "description": says,
        "tags": [operation.path.split("/")[2]],
        "parameters": list(_parameters(operation, message)),
        "responses": {str(operation.status): _success(operation, answer)} | _others(operation),
    }
    if operation.roles is not None:
        made["x-roles"] = sorted(map(str, operation.roles))
    if operation.method == "POST":
        schema = _body(operation, message)
        content = {"application/json": {"schema": schema} | of_body(operation)}
        made["requestBody"] = {"required": bool(schema["required"]), "content": content}
    return made


def _success(operation: Operation, answer: JsonSchemaValue) -> JsonSchemaValue:
    numbered = "seq" in getattr(operation.answer, "model_fields", ())
    named = (*(("ETag",) if numbered else ()), *(("Location",) if operation.location else ()))
    return {
        "description": "The answer." if operation.is_question else "The receipt.",
        "headers": _headers(*named, "X-Request-Id"),
        "content": {"application/json": {"schema": answer} | of_answer(operation.answer)},
    }


def _others(operation: Operation) -> JsonSchemaValue:
    """Returns the responses other than success: the refusals, and 202 if the message may be kept."""
    kept = not operation.is_question and (operation.roles is None or bool(operation.roles & SIDE))
    names = [("202", _KEPT)] if kept else []
    names += [(str(status), str(status)) for status in _statuses(operation)]
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in names}


def _kept(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {
        "description": "Temporal is away: the message is kept, counts as of now, and will be delivered.",
        "headers": _headers("Location", "X-Request-Id"),
        "content": {"application/json": {"schema": schema} | of_answer(Kept)},
    }


def _headers(*names: str) -> JsonSchemaValue:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameters(operation: Operation, message: JsonSchemaValue) -> Iterator[JsonSchemaValue]:
    of_path = {"filing_id": _FILING_ID, "n": _NUMBER} | message["properties"]
    for name in (part[1:-1] for part in operation.path.split("/") if part.startswith("{")):
        yield {"name": name, "in": "path", "required": True, "schema": of_path[name]}
    for name in operation.at(Place.QUERY):
        field = message["properties"][name]
        needed = name in message.get("required", ())
        yield {"name": name, "in": "query", "required": needed, "schema": field}
    for name in _of_headers(operation):
        yield {"$ref": f"#/components/parameters/{name}"}


def _of_headers(operation: Operation) -> Iterator[str]:
    """Yields the names of the parameters that are headers."""
    if operation.at(Place.HEADER):
        yield REASON_HEADER
    if not operation.is_question:
        yield "Idempotency-Key"
    if _is_conditional(operation):
        yield "If-Match"
    yield "Accept-Language"


def _is_conditional(operation: Operation) -> bool:
    return "only_at" in operation.message.model_fields


def _statuses(operation: Operation) -> Iterator[int]:
    """Yields the statuses with which the operation may be refused."""
    never = {405} if operation.method == "POST" else {405, 408, 413, 415}
    if not _is_conditional(operation):
        never |= {412}
    if {*operation.places.values()} <= {Place.PATH, Place.DOOR}:  # nothing in it can be wrong but an id in the address
        never |= {400, 403, 409, 422, 429} | (set() if operation.at(Place.PATH) else {404})
    yield from sorted({*STATUS.values()} - never)


def _refusals() -> Iterator[tuple[str, JsonSchemaValue]]:
    for status in sorted({*STATUS.values()}):
        codes = ", ".join(f"`{code}`" for code, of in STATUS.items() if of == status)
        headers = _headers(*OF_STATUS.get(status, ()), "Content-Language", "X-Request-Id")
        yield str(status), {"description": f"Refused: {codes}.", "headers": headers, "content": _PROBLEM}


def _named(names: set[str], parts: dict[str, Any]) -> set[str]:
    """Returns these names of schemas, and the names of all schemas to which they refer, also indirectly."""
    inside = {ref for name in names for ref in _refs(parts[name])} - names
    return _named(names | inside, parts) if inside else names


def _refs(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if (ref := str(schema.get("$ref"))).startswith(_SCHEMAS):
            yield ref.rsplit("/", 1)[-1]
        schema = list(schema.values())
    if isinstance(schema, list):
        for one in schema:
            yield from _refs(one)


_ABOUT: Final = """\
Online public services: submissions, commands and questions. An access token says who is speaking; each refusal is a
problem (RFC 9457) with a stable `code`, and its words in Vietnamese and English. A repeat of a command with the same
`command_id` has the same receipt. Fields, values and operations may be added to `/v1`; clients ignore what they do not
know. Nothing is removed from `/v1` and nothing there changes its meaning: that would be `/v2`, and `/v1` is then served
for at least 12 months, with `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) in each of its answers."""
_KEPT: Final = "Kept"
_FILING_ID: Final = {"type": "string", "format": "uuid", "description": "id of the filing"}
_NUMBER: Final = {"type": "integer", "minimum": 1, "description": "number of the stream in its filing, from 1"}
