"""The form of a procedure as JSON Schema, with which a portal can show the form and check the values before sending."""

from typing import Any, Final

from rules.wording.rule_words import labels_of, note_of
from schemas.base import COMMUNE, Text
from schemas.publishing.fact import Condition, When
from schemas.publishing.procedure import FieldKind, FieldRule, Procedure
from schemas.text import MAX_TEXT
from schemas.translate import beside

Json = dict[str, Any]

_WHOLE: Final = 2**53 - 1


def json_schema(procedure: Procedure) -> Json:
    """The schema (draft 2020-12) of a submission's `form`.

    Titles and descriptions are in Vietnamese and English; `x-vi` and `x-en` have each language by itself. A condition
    on the channel, the applicant or the day of receipt can't be decided from the values of the form: it is only in the
    description of its field, and the field is neither required nor refused.
    """
    labels = labels_of(procedure.form)
    properties = {one.code: _titled(one.label, note_of(one, labels)) | _values(one) for one in procedure.form}
    told = [field for field in procedure.form if all(map(_in_form, field.when))]
    rules = [_conditional(field) for field in told if field.when]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:motcua:form:{procedure.code}@{procedure.version}",
        **_titled(procedure.name, None),
        "type": "object",
        "properties": properties,
        "required": [field.code for field in told if field.required and not field.when],
        "additionalProperties": False,
        **({"allOf": rules} if rules else {}),
    }


def _titled(label: Text, description: Text | None) -> Json:
    texts = {"title": label} | ({} if description is None else {"description": description})
    return {
        **{name: text.vi if text.vi == text.en else beside(text) for name, text in texts.items()},
        "x-vi": {name: text.vi for name, text in texts.items()},
        "x-en": {name: text.en for name, text in texts.items()},
    }


def _values(field: FieldRule) -> Json:
    match field.kind:
        case FieldKind.TEXT:
            asked = {"pattern": r"\S"} if field.required else {}
            most = MAX_TEXT if field.maximum is None else field.maximum
            return {"type": "string", **_bound("minLength", field.minimum), "maxLength": most, **asked}
        case FieldKind.INTEGER:
            most = _WHOLE if field.maximum is None else field.maximum
            least = -_WHOLE if field.minimum is None else field.minimum
            return {"type": "integer", "minimum": least, "maximum": most}
        case FieldKind.DATE:
            return {"type": "string", "format": "date", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
        case FieldKind.BOOLEAN:
            return {"type": "boolean"}
        case FieldKind.CHOICE:
            return {"oneOf": [{"const": one, **_titled(field.called(one), None)} for one in field.choices]}
        case FieldKind.COMMUNE:
            return {"type": "string", "pattern": COMMUNE}


def _bound(keyword: str, bound: int | None) -> Json:
    return {} if bound is None else {keyword: bound}


def _conditional(field: FieldRule) -> Json:
    """The clause that refuses a field if its conditions fail, and requires a required field if its conditions hold."""
    asked = {"then": {"required": [field.code]}} if field.required else {}
    return {"if": _holds(field.when), **asked, "else": {"properties": {field.code: False}}}


def _holds(when: When) -> Json:
    properties: dict[str, list[Json]] = {}
    for condition in when:
        properties.setdefault(str(condition.field), []).append(_condition_schema(condition))
    return {"properties": {field: {"allOf": rules} for field, rules in properties.items()}, "required": [*properties]}


def _condition_schema(condition: Condition) -> Json:
    if condition.one_of:
        return {"enum": [*condition.one_of]}
    return {"type": "integer", **_bound("minimum", condition.at_least), **_bound("maximum", condition.at_most)}


def _in_form(condition: Condition) -> bool:
    """Whether the values of the form alone decide the condition."""
    ago = (condition.at_least_days_ago, condition.at_most_days_ago)
    return condition.field is not None and ago == (None, None)
