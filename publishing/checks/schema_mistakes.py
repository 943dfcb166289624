"""Translates pydantic's errors into mistakes with texts of ours, which do not repeat the refused values."""

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules.source import Mistake, child, mistake
from schemas.limit import Limit

_RULES: Final[dict[str, str]] = {
    "missing": "required",
    "string_too_short": "required",
    "extra_forbidden": "unknown_key",
    "string_type": "text_expected",
    "int_type": "integer_expected",
    "int_from_float": "integer_expected",
    "bool_type": "boolean_expected",
    "tuple_type": "list_expected",
    "model_type": "mapping_expected",
    "model_attributes_type": "mapping_expected",
    "string_too_long": "too_long",
    "too_short": "too_few",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "string_pattern_mismatch": "wrong_form",
    "enum": "not_allowed_value",
    "literal_error": "not_allowed_value",
    "limit_form": "limit_form",
    "form_value": "form_value_expected",
    "text_too_long": "too_long",
    "hours_form": "hours_form",
    "hours_reversed": "hours_reversed",
    "time_form": "time_form",
    "date_form": "date_form",
}

_OF_TEXTS: Final = frozenset({"string_type", "time_form"})
"""Pydantic's errors for a value that should be a text: without quotes, YAML may have read the text as a number."""

_FORMS: Final[dict[str, str]] = {
    r"^[0-9]\.[0-9]{6}(\.[A-Z0-9]+)*$": '"1.001193"',
    r"^[0-9][0-9A-Za-z.-]{0,31}$": '"2026-07"',
    r"^[A-Z][0-9]{2}$": "H24",
    r"^[a-z][a-z0-9_]{0,39}$": "birth_notice (a-z 0-9 _)",
    r"^[A-Z0-9][A-Z0-9.]{0,34}$": "H01.12 (A-Z 0-9 .)",
    r"^[A-Z0-9]+(\.[A-Z0-9]+)*$": "H01.12 (A-Z 0-9 .)",
    r"^[^\x00-\x1f\x7f]{1,128}$": "h01.12-leader-1",
    r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$": "h01.12-leader-1 (A-Z a-z 0-9 . _ : -)",
}

_BOUNDS: Final[dict[str, str]] = {"gt": "> {}", "ge": "≥ {}", "lt": "< {}", "le": "≤ {}"}


def schema_mistakes(model: type[BaseModel], value: Any) -> Iterator[Mistake]:
    """Yields every mistake of the plain data `value`, read by `model` as strictly as JSON."""
    try:
        model.model_validate_json(json.dumps(value), strict=True, extra="forbid")
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
                continue  # pydantic counts only good entries, so a bad one makes a list too short
            path = ""
            for key in detail["loc"]:
                path = child(path, key)
            yield mistake(_rule(detail), path, **_facts(detail.get("ctx", {})))


def _rule(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if detail["input"] is None and kind != "extra_forbidden":
        return "required"
    if kind in _OF_TEXTS and isinstance(detail["input"], bool | int | float):
        return "quote_it"
    if detail.get("ctx", {}).get("class_name") == Limit.__name__:
        return "limit_form"
    return _RULES.get(kind, "invalid")


def _facts(context: dict[str, Any]) -> dict[str, str]:
    bounds = [words.format(context[name]) for name, words in _BOUNDS.items() if name in context]
    lengths = [str(context[name]) for name in ("max_length", "min_length", "limit") if name in context]
    return {
        "limit": next(iter(bounds + lengths), ""),
        "allowed": str(context.get("expected", "")).replace("'", "").replace(" or ", ", "),
        "form": _FORMS.get(str(context.get("pattern")), str(context.get("pattern"))),
    }
