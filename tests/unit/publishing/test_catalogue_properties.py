"""Whatever is done to a good procedure file, it gives mistakes or a procedure, and never anything else."""

import json
import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any, NamedTuple

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from publishing.authoring.procedures import check_bytes
from publishing.checks.procedure import problems
from rules.filing.conditions import hold
from rules.source.mistakes import Mistake
from schemas.form import FormValue
from schemas.level import Channel
from schemas.people import Applicant, PersonKind
from schemas.publishing.fact import Condition
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import FieldPart, rules_of
from tests.tiers import examples

from .broken_procedures import FACT, NAME, good

TODAY = date(2026, 11, 25)
WORDS = sorted(set(re.findall(r"[\w.-]+", json.dumps(good()))))
CONDITION_KEYS = [*Condition.model_fields]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 60),
    st.integers(),
    st.floats(),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sampled_from([*WORDS, "", " ", "\0", "\ud800", "unread", "1 working days", "2 seconds", "0 working hours"]),
    st.text(max_size=5),
)
conditions = st.dictionaries(st.sampled_from(CONDITION_KEYS), scalars | st.lists(scalars, max_size=3), max_size=4)
values = st.one_of(
    scalars,
    conditions,
    st.lists(conditions, max_size=3),
    st.lists(scalars, max_size=3),
    st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5) | st.integers(), scalars, max_size=3),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every entry of nested data, as its container and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    raw = good()
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(places(raw)))
        match draw(st.sampled_from(["write", "write", "drop", "add", "swap"])):
            case "write":
                container[key] = draw(values)
            case "drop":
                del container[key]
            case "add" if isinstance(container, list):
                container.insert(key, draw(values))
            case "add":
                container[
                    draw(st.sampled_from([*CONDITION_KEYS, "when", "per", "consult", "obligation", "automatic"]))
                ] = draw(values)
            case _:
                other, place = draw(st.sampled_from(places(raw)))
                container[key] = json.loads(json.dumps(other[place], default=str))
        if not places(raw):
            break
    return raw


def stands(path: str, raw: Any) -> bool:
    """Whether `path` leads to something in `raw`, or to what is missing there."""
    *outer, _ = [int(key) if key.isdigit() else key for key in re.findall(r"[^.\[\]]+", path)] or [""]
    try:
        for key in outer:
            raw = raw[key]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def checked(raw: Any, mistakes: list[Mistake]) -> None:
    if not mistakes:
        procedure = Procedure.model_validate_json(json.dumps(raw), strict=True, extra="forbid")
        rules_of(procedure, "0" * 64)
    for entry in mistakes:
        assert "{" not in entry.message.en + entry.message.vi + entry.fix.en + entry.fix.vi
    assert len({(entry.path, entry.rule) for entry in mistakes}) == len(mistakes)


@settings(max_examples=examples(200), deadline=None)
@given(mutations())
def test_a_changed_procedure_gives_mistakes_or_a_procedure(raw: Any) -> None:
    mistakes = problems(raw)
    checked(raw, mistakes)
    if not any(entry.rule in {"unknown_key", "key_not_text"} for entry in mistakes):
        assert [entry.path for entry in mistakes if not stands(entry.path, raw)] == []


@settings(max_examples=examples(60), deadline=None)
@given(mutations())
def test_a_changed_file_gives_mistakes_or_a_procedure(raw: Any) -> None:
    try:
        data = yaml.safe_dump(raw, allow_unicode=True).encode()
    except UnicodeEncodeError:
        data = yaml.safe_dump(raw).encode()
    result = check_bytes(data)
    assert (result.procedure is None) == bool(result.mistakes)


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_a_damaged_file_gives_mistakes_or_a_procedure(data: st.DataObject) -> None:
    text = yaml.safe_dump(good(), allow_unicode=True, sort_keys=False).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    damaged = text[:start] + data.draw(st.binary(max_size=20)) + text[end:]
    result = check_bytes(damaged)
    assert (result.procedure is None) == bool(result.mistakes)


class Filed(NamedTuple):
    """A dossier as conditions see it."""

    form: dict[str, FormValue]
    channel: Channel
    applicant: Applicant


FIELDS: dict[str, dict[str, Any]] = {
    "first": {"kind": "boolean"},
    "second": {"kind": "choice", "choices": ["a", "b", "c"]},
    "third": {"kind": "integer", "minimum": 0, "maximum": 3},
}
VALUES: dict[str, list[FormValue]] = {"first": [True, False], "second": ["a", "b", "c"], "third": [0, 1, 2, 3]}
APPLICANTS = [Applicant(subject="s", kind=kind, name="N", id_number="001090000001") for kind in PersonKind]


@st.composite
def good_conditions(draw: st.DrawFn, before: int) -> list[dict[str, Any]]:
    """Conditions that are right by themselves, about the channel, the applicant and the fields `before` a place."""
    names = list(FIELDS)[:before]
    about_field = st.sampled_from(names).flatmap(
        lambda name: st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=2, unique=True).map(
            lambda listed: {"field": name, "one_of": listed}
        )
    )
    bounds = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(
        lambda pair: {"field": "third", "at_least": min(pair), "at_most": max(pair)}
    )
    kinds: list[st.SearchStrategy[dict[str, Any]]] = [
        st.sampled_from(list(Channel)).map(lambda channel: {"channel": channel.value}),
        st.sampled_from(list(PersonKind)).map(lambda kind: {"applicant": kind.value}),
        *([about_field, about_field] if names else []),
        *([bounds, bounds] if "third" in names else []),
    ]
    return draw(st.lists(st.one_of(kinds), max_size=3, unique_by=json.dumps))


def dossiers(form: list[dict[str, Any]]) -> Iterator[Filed]:
    """Every dossier that has a field only when the conditions of the field hold."""
    fields = [FieldPart.model_validate(field | {"required": False}) for field in form]
    for channel, applicant in product(Channel, APPLICANTS):
        for chosen in product(*([*VALUES[field.code], None] for field in fields)):
            filed = Filed({}, channel, applicant)
            for field, value in zip(fields, chosen, strict=True):
                if value is not None and hold(field.when, filed, TODAY):
                    filed.form[field.code] = value
            yield filed


@settings(max_examples=examples(100), deadline=None)
@given(st.data())
def test_a_condition_never_holds_exactly_when_no_dossier_fulfils_it(data: st.DataObject) -> None:
    raw = good()
    raw["form"] = [
        FACT | {"code": code, "label": NAME, "when": data.draw(good_conditions(n))} | kind
        for n, (code, kind) in enumerate(FIELDS.items())
    ]
    when = data.draw(good_conditions(len(FIELDS)))
    raw["papers"] = [FACT | {"code": "paper", "name": NAME, "when": when}]
    raw["fee"]["items"] = [FACT | {"code": "item", "name": NAME, "kind": "phi", "amount": 1}]
    mistakes = {(entry.path, entry.rule) for entry in problems(raw)}

    wanted = tuple(Condition.model_validate(condition) for condition in when)
    fulfilled = any(hold(wanted, filed, TODAY) for filed in dossiers(raw["form"]))

    if not any(path.startswith("form") for path, _ in mistakes):
        assert bool(mistakes) == (not fulfilled)
    assert {rule for _, rule in mistakes} <= {"never_holds", "duplicate_value"}
