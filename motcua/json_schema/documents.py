"""The contract as JSON Schema, for readers in every language: one document for each public message, and an index."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from motcua import contract as c

from .common_fields import COMMON

INDEX: Final = "index.json"
_MODES: Final[dict[c.Direction, Literal["validation", "serialization"]]] = {
    c.Direction.TO_PLATFORM: "validation",
    c.Direction.FROM_PLATFORM: "serialization",
}
_EVENTS: Final = {message.model: message.event for message in c.PUBLIC_MESSAGES if message.event is not None}
"""Maps the model of an event's body to the model of the event, whose source describes the fields."""


class Plain(GenerateJsonSchema):
    """Adds field descriptions, omits titles, and forbids unmatched keys in a map whose keys have a pattern."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        words = dict(COMMON)
        for owner in reversed(_EVENTS.get(schema["cls"], schema["cls"]).__mro__):
            words |= own_words(owner)
        for name, field in made.get("properties", {}).items():
            if name in words:
                field.setdefault("description", words[name])
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return made | {"additionalProperties": False} if "patternProperties" in made else made

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:  # noqa: ARG002
        return False


def documents() -> dict[str, JsonSchemaValue]:
    """Returns every file of the contract by name: the schemas, and `index.json` with a description of each."""
    schemas = {file_of(message): schema(message) for message in c.PUBLIC_MESSAGES}
    index = [
        {
            "name": message.name,
            "file": file_of(message),
            "id": _id(message),
            "says": inspect.getdoc(message.model) or "",
            "direction": message.direction,
            "unknown_fields": "refused" if message.strict else "ignored",
            "wires": [wire.model_dump(mode="json", exclude_defaults=True) for wire in message.wires],
        }
        for message in c.PUBLIC_MESSAGES
    ]
    return schemas | {INDEX: {"schemas": index}}


def written(document: JsonSchemaValue) -> str:
    """Returns a document as text, which is the same in every run."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def file_of(message: c.Message) -> str:
    """Returns the name of the message's file."""
    return f"{message.name}.json"


def schema(message: c.Message) -> JsonSchemaValue:
    """Returns the JSON Schema of a message: of input that the platform accepts, or of output that it writes.

    The schema describes only the shape of a message. The rules decide whether a filing or a command is allowed now.
    """
    made = message.model.model_json_schema(mode=_MODES[message.direction], schema_generator=Plain)
    for part in (made, *made.get("$defs", {}).values()):
        if message.strict and "properties" in part:
            part["additionalProperties"] = False
    return made | {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _id(message)}


def own_words(model: type) -> dict[str, str]:
    """Returns the descriptions below a model's fields in its source; empty unless it is a model of the contract."""
    return _classes(model.__module__).get(model.__name__, {}) if issubclass(model, c.Model) else {}


@cache
def _classes(module: str) -> dict[str, dict[str, str]]:
    """Returns the classes of a module by name, each with the descriptions below its fields."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_fields(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(model: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(model.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, " ".join(words.split())


def _id(message: c.Message) -> str:
    return f"urn:motcua:schema:{message.name}"
