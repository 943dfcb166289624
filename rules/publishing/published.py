"""What was published, read with the models of today."""

from __future__ import annotations

from datetime import date
from typing import Any

from rules.publishing.document import parse
from schemas.publishing.procedure import Procedure


def published_raw(source: bytes, published_on: date) -> dict[str, Any]:
    """The plain data of bytes that were published.

    Files from before a fact said when it was checked count as checked when they were published.
    """
    raw: dict[str, Any] = parse(source).value
    raw.setdefault("checked", published_on.isoformat())
    if isinstance(one := raw["limits_source"], str):
        raw["limits_source"] = dict.fromkeys(raw["limits"], one)
    return raw


def published_procedure(source: bytes, published_on: date) -> Procedure:
    """The procedure in bytes that were published, also where the checks of today would refuse them."""
    return Procedure.model_validate(published_raw(source, published_on))
