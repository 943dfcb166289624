"""The contract as JSON Schema, for every language: one document for each public message, and an index of them."""

from __future__ import annotations

import inspect
import json
from typing import Any, Final, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from . import contract as c
from .field_words import FIELDS, OF

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
INDEX: Final = "index.json"
_MODES: Final[dict[c.Direction, Literal["validation", "serialization"]]] = {
    c.Direction.TO_PLATFORM: "validation",
    c.Direction.FROM_PLATFORM: "serialization",
}


class _Plain(GenerateJsonSchema):
    """Without a title for each field, which only says its name again; and maps have no keys but those of their kind."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return made | {"additionalProperties": False} if "patternProperties" in made else made

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:  # noqa: ARG002
        return False


def documents() -> dict[str, JsonSchemaValue]:
    """Every file of the contract by its name: the schemas, and `index.json`, which says what each is for."""
    schemas = {file_of(message): schema(message) for message in c.PUBLIC_MESSAGES}
    return schemas | {INDEX: {"schemas": [_entry(message) for message in c.PUBLIC_MESSAGES]}}


def written(document: JsonSchemaValue) -> str:
    """A document as text: the same at every run."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def file_of(message: c.Message) -> str:
    """The name of the message's file."""
    return f"{message.name}.json"


def schema(message: c.Message) -> JsonSchemaValue:
    """The JSON Schema of a message: of what is accepted if the platform reads it, of what is written if others do.

    It says what a message looks like. Whether a filing or a command may be made now is for the rules to say.
    """
    made = message.model.model_json_schema(mode=_MODES[message.direction], schema_generator=_Plain)
    for part in (made, *made.get("$defs", {}).values()):
        if "properties" in part:
            _describe(part)
            if message.strict:
                part["additionalProperties"] = False
    return made | {"$schema": DIALECT, "$id": _id(message)}


def _describe(part: JsonSchemaValue) -> None:
    """Give each field its words: those of its model, else ours."""
    for name, field in part["properties"].items():
        words = field.get("description") or OF.get(f"{part['title']}.{name}") or FIELDS.get(name)
        if words is not None:
            field["description"] = words


def _id(message: c.Message) -> str:
    return f"urn:motcua:schema:{message.name}"


def _entry(message: c.Message) -> dict[str, Any]:
    return {
        "name": message.name,
        "file": file_of(message),
        "id": _id(message),
        "says": inspect.getdoc(message.model) or "",
        "direction": message.direction,
        "unknown_fields": "refused" if message.strict else "ignored",
        "wires": [wire.model_dump(mode="json", exclude_defaults=True) for wire in message.wires],
    }
