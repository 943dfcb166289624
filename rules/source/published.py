"""Published files, read with the present models."""

from datetime import date
from typing import Any

from rules.source.document import parse
from schemas.publishing.procedure import Procedure


def published_raw(source: bytes, published_on: date) -> dict[str, Any]:
    """The plain data of published bytes.

    In old files without dates of checks, the facts count as checked on the day of publication.
    """
    raw: dict[str, Any] = parse(source).value
    raw.setdefault("checked", published_on.isoformat())
    if isinstance(one := raw["limits_source"], str):
        raw["limits_source"] = dict.fromkeys(raw["limits"], one)
    return raw


def published_procedure(source: bytes, published_on: date) -> Procedure:
    """The procedure in published bytes, even if present checks would refuse them."""
    return Procedure.model_validate(published_raw(source, published_on))
