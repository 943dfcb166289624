"""What could be read of a procedure that may have mistakes, so that one mistake does not hide the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from schemas.level import Channel, Level
from schemas.limit import Limit
from schemas.procedure import FeeItem, FieldRule, Limits, PaperRule, ReviewStep

T = TypeVar("T")

_LEVEL: Final = TypeAdapter(Level)
_LIMIT: Final = TypeAdapter(Limit)
_PAPER: Final = TypeAdapter(PaperRule)
_FIELD: Final = TypeAdapter(FieldRule)
_STEP: Final = TypeAdapter(ReviewStep)
_ITEM: Final = TypeAdapter(FeeItem)
_CHANNEL: Final = TypeAdapter(Channel)


@dataclass(frozen=True)
class Entries(Generic[T]):
    """The entries of a list that could be read, with their places; `whole` when every entry could."""

    read: dict[int, T]
    whole: bool

    @property
    def values(self) -> list[T]:
        return list(self.read.values())


@dataclass(frozen=True)
class Parts:
    """The parts of a file that the cross-references are about. `limits` are by path."""

    level: Level | None
    limits: dict[str, Limit]
    papers: Entries[PaperRule]
    form: Entries[FieldRule]
    review: Entries[ReviewStep]
    fee_items: Entries[FeeItem]
    fee_channels: Entries[Channel]
    result_channels: Entries[Channel]
    signature: bool
    automatic: bool


def readable_parts(value: dict[str, Any]) -> Parts:
    """The parts of plain data that could be read."""
    fee, result, signature = (_mapping(value, name) for name in ("fee", "result", "signature"))
    return Parts(
        level=_read(_LEVEL, value.get("level")),
        limits={path: limit for path, written in _limits(value) if (limit := _read(_LIMIT, written)) is not None},
        papers=_entries(_PAPER, value.get("papers", [])),
        form=_entries(_FIELD, value.get("form", [])),
        review=_entries(_STEP, value.get("review", [])),
        fee_items=_entries(_ITEM, fee.get("items")),
        fee_channels=_entries(_CHANNEL, fee.get("channels")),
        result_channels=_entries(_CHANNEL, result.get("channels")),
        signature=signature.get("required") is True,
        automatic=value.get("automatic") is not None,
    )


def _limits(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    stages = _mapping(value, "limits")
    yield from ((f"limits.{name}", stages.get(name)) for name in Limits.model_fields)
    yield from ((f"{part}.limit", _mapping(value, part).get("limit")) for part in ("fee", "supplement"))
    steps = value.get("review")
    for n, step in enumerate(steps if isinstance(steps, list) else []):
        if isinstance(step, dict):
            yield f"review[{n}].limit", step.get("limit")


def _mapping(value: dict[str, Any], name: str) -> dict[str, Any]:
    part = value.get(name)
    return part if isinstance(part, dict) else {}


def _entries(reader: TypeAdapter[T], written: Any) -> Entries[T]:
    if not isinstance(written, list):
        return Entries({}, whole=False)
    found = {n: _read(reader, entry) for n, entry in enumerate(written)}
    read = {n: entry for n, entry in found.items() if entry is not None}
    return Entries(read, whole=len(read) == len(written))


def _read(reader: TypeAdapter[T], written: Any) -> T | None:
    try:
        return reader.validate_json(json.dumps(written), strict=True)
    except ValidationError:
        return None
