"""The stored contract, which `make golden` writes: one line for each message, and the published schemas."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from motcua.json_schema.documents import written

MESSAGES: Final = Path(__file__).with_name("messages.jsonl")
SCHEMAS: Final = Path(__file__).with_name("schemas.json")


def keep_messages(messages: Mapping[str, Any]) -> None:
    lines = (
        f'{{"name": {json.dumps(name)}, "message": {json.dumps(messages[name], ensure_ascii=False, sort_keys=True)}}}\n'
        for name in sorted(messages)
    )
    MESSAGES.write_text("".join(lines), encoding="utf-8")
    _lines.cache_clear()


def golden(name: str) -> Any:
    """Returns a new copy of the message of that name. Raises `KeyError` if there is none."""
    return json.loads(_lines()[name])["message"]


def golden_names() -> list[str]:
    return list(_lines())


@cache
def _lines() -> dict[str, str]:
    with MESSAGES.open(encoding="utf-8") as lines:
        named = [(json.loads(line)["name"], line) for line in lines]
    assert len(dict(named)) == len(named), "a name stands on two lines"
    return dict(named)


def keep_schemas(documents: Mapping[str, Any]) -> None:
    """Stores the schemas anew, each under the name of its published file."""
    SCHEMAS.write_text(written(dict(documents)), encoding="utf-8")


def golden_schemas() -> dict[str, str]:
    documents = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    return {name: written(document) for name, document in documents.items()}
