"""The JSON Schema of a form accepts what is accepted, and refuses what is refused when it is filed."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from rules.filing.submission.admission import dossier_problems
from rules.forms.json_schema import json_schema
from schemas.publishing.procedure import FieldKind, FieldRule, Procedure
from schemas.publishing.procedure_rules import rules_of
from tests.tiers import examples
from tests.unit.forms.dossiers import AT, FILES, RESIDENCE_FILE, procedure, residence

FORMS = FormatChecker(["date"])
VALUES: dict[FieldKind, list[Any]] = {
    FieldKind.TEXT: ["", " ", "ab", "Đường số 5, phường 2", "x" * 121, "x" * 4000, 5],
    FieldKind.INTEGER: [-1, 0, 1, 2, 20, 21, 10**6, True, "1"],
    FieldKind.DATE: ["2026-02-28", "2026-02-30", "28/02/2026", "2026-2-8", ""],
    FieldKind.BOOLEAN: [True, False, 1, "true"],
    FieldKind.CHOICE: ["no_such", 1],
}


def in_form_alone(of: Procedure) -> bool:
    return all(
        condition.field is not None and condition.at_least_days_ago is None and condition.at_most_days_ago is None
        for field in of.form
        for condition in field.when
    )


def values(field: FieldRule) -> st.SearchStrategy[Any]:
    return st.sampled_from([*field.choices, *field.choices, *VALUES[field.kind]])


def forms(of: Procedure) -> st.SearchStrategy[dict[str, Any]]:
    known = {field.code: values(field) for field in of.form}
    return st.fixed_dictionaries({}, optional=known | {"no_such_field": st.just("x")})


OF = [procedure(file) for file in FILES]
TOLD = [of for of in OF if of.form and in_form_alone(of)]


@pytest.mark.parametrize("of", TOLD, ids=lambda of: f"{of.code}@{of.version}")
@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_it_says_what_the_rules_say(of: Procedure, data: st.DataObject) -> None:
    form = data.draw(forms(of))
    rules = rules_of(of, "0" * 64)
    wrong = [one for one in dossier_problems(rules, residence(form=form), AT.date()) if one.field.startswith("form.")]
    assert Draft202012Validator(json_schema(of), format_checker=FORMS).is_valid(form) is (not wrong), wrong


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_field_has_its_words_in_both_languages(file: Path) -> None:
    of = procedure(file)
    schema = json_schema(of)
    Draft202012Validator.check_schema(schema)
    for field in of.form:
        found = schema["properties"][field.code]
        assert found["title"].startswith(field.label.vi)
        assert (found["x-vi"]["title"], found["x-en"]["title"]) == (field.label.vi, field.label.en)
        assert ("description" in found) == ("description" in found["x-vi"]) == ("description" in found["x-en"])
        assert [one["const"] for one in found.get("oneOf", ())] == list(field.choices)


def test_the_choices_of_the_catalogue_have_names() -> None:
    nameless = {
        f"{of.code} {field.code} {choice}"
        for of in OF
        for field in of.form
        for choice in field.choices
        if choice not in {one.code for one in field.choice_names}
    }
    assert nameless == set()


def test_a_field_of_another_channel_is_neither_asked_for_nor_refused() -> None:
    of = procedure(RESIDENCE_FILE)
    address, members = (field.model_dump() for field in of.form if field.code in {"address", "members"})
    online = of.model_validate(of.model_dump() | {"form": [address | {"when": [{"channel": "counter"}]}, members]})
    valid = Draft202012Validator(json_schema(online)).is_valid
    assert valid({"members": 1})
    assert valid({"members": 1, "address": "Số 1 phố Huế"})
