"""An example of each body and of each answer, from the samples of the contract, which `make golden` writes here."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

from gateway.door.operations import Operation, Place

FILE: Final = Path(__file__).with_name("examples.json")
_LEFT_OUT: Final = frozenset({"actor", "via", "on_behalf_of", "only_at", "seen_seq"})
"""Fields left out of examples: a token or a header replaces them, or the default suffices."""


def of_body(operation: Operation) -> dict[str, Any]:
    """Returns the example of a body, as a part of the document; empty without one."""
    whole = _samples().get(operation.message.__name__)
    fields = frozenset(operation.at(Place.BODY)) - _LEFT_OUT
    return {} if whole is None else {"example": {name: value for name, value in whole.items() if name in fields}}


def of_answer(answer: Any) -> dict[str, Any]:
    """Returns the example of an answer (for a list: one entry) as a part of the document; empty without an example."""
    model = row_of(answer)
    sample = _samples().get(model.__name__)
    return {} if sample is None else {"example": sample if model is answer else [sample]}


def row_of(answer: Any) -> type:
    """Returns the model of an answer; of a list, the model of its entries."""
    model: type = next(iter(get_args(answer)), answer)
    return model


@cache
def _samples() -> Mapping[str, Any]:
    """Returns a message of each model, by the model's name."""
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
