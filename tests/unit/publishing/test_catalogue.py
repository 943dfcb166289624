"""The procedures of the catalogue are valid; every rule refuses its mistake, and names the exact place."""

import json
import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from publishing.authoring.procedure_file import DEMO_SECONDS, MistakesFoundError
from publishing.authoring.procedures import check_bytes, demo_variant
from publishing.checks.procedure import problems
from rules.filing.conditions import Case, Of, hold
from rules.require import require
from rules.source import MAX_BYTES, Mistake, parse
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.people import Applicant, PersonKind
from schemas.publishing.fact import Condition
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import FieldPart, rules_of
from schemas.text import FormValue
from tests.tiers import examples
from tests.walking import walked
from tests.words.mistakes import mistakes_in

from .broken_procedures import BROKEN, FACT, NAME, at_level, good
from .changing import Broken, Change, drop, many, put

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "procedures").glob("*.yaml"))
EXTRACT = (ROOT / "procedures" / "2.000635@2026-12.yaml").read_bytes()


TODAY = date(2026, 11, 27)


def rules_at(raw: object, *, allow_seconds: bool = False) -> set[tuple[str, str]]:
    return {(entry.path, entry.rule) for entry in problems(raw, allow_seconds=allow_seconds, today=TODAY)}


@walked("path", FILES, ids=lambda path: path.name, at_least=29)
def test_the_real_procedures_pass(path: Path) -> None:
    checked = check_bytes(path.read_bytes())
    assert checked.mistakes == []
    assert checked.procedure is not None
    assert path.name == f"{checked.procedure.code}@{checked.procedure.version}.yaml"
    rules_of(checked.procedure, checked.sha256)


def test_a_procedure_with_every_part_passes() -> None:
    raw = good()
    assert rules_at(raw) == set()
    rules_of(Procedure.model_validate_json(json.dumps(raw)), "0" * 64)


@walked("broken", BROKEN, ids=[broken.name for broken in BROKEN], exactly=185)
def test_a_broken_procedure_is_refused_at_the_place_of_its_mistake(broken: Broken) -> None:
    raw = good()
    broken.change(raw)
    assert rules_at(raw) == {(broken.path, broken.rule)}


@walked("change", [*map(at_level, (1, 2, 3)), many(at_level(1), put("review", []), drop("extension"))], exactly=4)
def test_a_lower_level_with_what_it_allows_passes(change: Change) -> None:
    """A procedure at level 1 may lack a review; then it is only information for applicants."""
    raw = good()
    change(raw)
    assert rules_at(raw) == set()


def test_all_mistakes_are_reported_together() -> None:
    raw = good()
    names = {"code without a point", "no hours", "unknown key", "no such choice", "clerk decides", "officer twice"}
    together = [broken for broken in BROKEN if broken.name in names]
    for broken in together:
        broken.change(raw)
    assert rules_at(raw) == {(broken.path, broken.rule) for broken in together}
    assert len(rules_at(raw)) == len(names)


def test_what_is_no_mapping_or_endless_is_refused_and_nothing_written_is_repeated() -> None:
    assert rules_at([]) == {("", "not_a_mapping")}
    raw = good()
    raw["papers"] = raw
    assert "too_deep" in {rule for _, rule in rules_at(raw)}
    raw = good()
    raw |= {"code": "0912345678", "level": "0912345678", "limits_source": 912345678, "review": "0912345678"}
    raw["limits"]["intake"] = "0912345678"
    assert "912345678" not in "".join(entry.model_dump_json() for entry in problems(raw))


TEXT = EXTRACT.decode()

UNREADABLE: list[tuple[str, str, int | None, bytes]] = [
    ("code", "duplicate_key", 2, b'code: "2.000635"\ncode: "2.000635"\n'),
    ("name.vi", "duplicate_key", 3, b"name:\n  vi: a\n  vi: b\n"),
    ("", "wrong_encoding", 2, "a: b\nname: Đăng ký".encode("cp1258", "replace") + b"\xff"),
    ("", "wrong_encoding", 1, TEXT.encode("utf-16")),
    ("", "alias_not_allowed", 1, b"a: &a [x, x]\nb: [*a, *a]\n"),
    ("", "alias_not_allowed", 1, b"b: *a\n"),
    ("a", "tag_not_allowed", 1, b"a: !!python/name:os.system x\n"),
    ("a", "quote_it", 1, b"a: 2026-13-45\n"),
    ("", "not_yaml", 2, b"a: b\nc: d: e\n"),
    ("", "not_yaml", 2, b"a: b\n--- \nc: d\n"),
    ("", "unreadable_character", 2, b"a: b\nc: \x01\n"),
    ("", "too_deep", 1, b"[" * 100_000),
    ("", "key_not_text", 1, b"? [a]\n: b\n"),
    ("", "file_too_large", None, b"#" * (MAX_BYTES + 1)),
]


@walked(("path", "rule", "line", "data"), UNREADABLE, ids=[rule for _, rule, _, _ in UNREADABLE], exactly=14)
def test_unreadable_yaml_is_a_mistake_with_its_line(path: str, rule: str, line: int | None, data: bytes) -> None:
    parsed = parse(data)
    assert [(entry.path, entry.rule, entry.line) for entry in parsed.mistakes] == [(path, rule, line)]


def test_every_rule_is_tested() -> None:
    rules = mistakes_in("procedure") | {"checked_in_future", "time_form", "validity_reversed"}  # of calendars, too
    assert {broken.rule for broken in BROKEN} | {rule for _, rule, _, _ in UNREADABLE} >= rules - {"not_a_mapping"}


def test_a_missing_key_is_reported_at_the_line_of_its_part() -> None:
    text = TEXT.replace("  due: acceptance\n", "")
    [mistake] = check_bytes(text.encode()).mistakes
    line = text.split("\n").index("fee:") + 1
    assert (mistake.path, mistake.rule, mistake.line) == ("fee.due", "required", line)


def test_the_example_of_the_documentation_passes() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "procedures.md").read_text("utf-8"), re.DOTALL)
    procedure = require(check_bytes(example.encode()).procedure)
    assert (procedure.fee is not None, procedure.supplement.rounds) == (True, 1)


def test_the_fragments_of_the_documentation_pass() -> None:
    page = (ROOT / "docs" / "procedures.md").read_text("utf-8")
    parts = [
        yaml.safe_load(dedent(text)) for text in re.findall(r"```\n(.*?)```", page, re.DOTALL) if "source:" in text
    ]
    raw = good()
    raw["limits"]["processing"] = "5 working days"
    raw |= {"form": [], "papers": []}
    referring: object = None
    for part in parts:
        match part:
            case [{"act": "refer"} as step]:
                referring = step
            case [step]:
                raw["review"][1] = step
            case {"act": "obligation"}:
                raw["review"][2] |= part
            case {"act": "draft"}:
                raw["review"].insert(0, raw["review"][0] | {"code": "drafting"} | part)
            case {"limits_source": sources}:
                raw["limits_source"] |= sources
            case {"items": items}:
                raw["fee"]["items"] = items
            case _:
                raw |= part

    assert len(parts) == 15
    assert rules_at(raw) == set()
    assert rules_at(raw | {"review": [referring, *raw["review"]], "silent_approval": None}) == set()


def all_limits(part: object) -> Iterator[Limit]:
    """Yields every limit in `part`, at any depth."""
    match part:
        case Limit():
            yield part
        case BaseModel():
            yield from (limit for name in part.model_fields_set for limit in all_limits(getattr(part, name)))
        case tuple():
            yield from (limit for value in part for limit in all_limits(value))


@walked("path", FILES, ids=lambda path: path.name, at_least=29)
def test_the_demo_variant_of_every_procedure_runs_in_seconds(path: Path) -> None:
    data = demo_variant(path.read_bytes(), {"supplement": 3})
    procedure = require(check_bytes(data, allow_seconds=True).procedure)
    assert procedure.version == f"{path.stem.partition('@')[2]}-demo"
    assert procedure.limits.intake.amount == DEMO_SECONDS["intake"]
    assert {step.limit.amount for step in procedure.review} == {DEMO_SECONDS["step"]}
    assert procedure.supplement.limit.amount == 3
    assert {limit.unit for limit in all_limits(procedure)} == {Unit.SECONDS}
    assert procedure.fee is None or procedure.fee.limit.amount == DEMO_SECONDS["payment"]
    assert data == demo_variant(path.read_bytes(), {"supplement": 3})


def test_a_demo_variant_of_a_broken_file_is_refused() -> None:
    with pytest.raises(MistakesFoundError) as caught:
        demo_variant(b"code: x")
    assert caught.value.mistakes
    with pytest.raises(ValueError, match="no such limit"):
        demo_variant(EXTRACT, {"lunch": 3})


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
    """Returns the place of every entry in nested data: its container and its key."""
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
    """Returns True if `path` leads to a value in `raw`, or to a missing entry in a container that exists."""
    *outer, _ = [int(key) if key.isdigit() else key for key in re.findall(r"[^.\[\]]+", path)] or [""]
    try:
        for key in outer:
            raw = raw[key]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def checked(raw: Any, mistakes: list[Mistake]) -> None:
    if not mistakes:
        rules_of(Procedure.model_validate_json(json.dumps(raw), strict=True, extra="forbid"), "0" * 64)
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
@given(st.data())
def test_a_damaged_file_gives_mistakes_or_a_procedure(data: st.DataObject) -> None:
    text = yaml.safe_dump(good(), allow_unicode=True, sort_keys=False).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    result = check_bytes(text[:start] + data.draw(st.binary(max_size=20)) + text[end:])
    assert (result.procedure is None) == bool(result.mistakes)


FIELDS: dict[str, dict[str, Any]] = {
    "first": {"kind": "boolean"},
    "second": {"kind": "choice", "choices": ["a", "b", "c"]},
    "third": {"kind": "integer", "minimum": 0, "maximum": 3},
}
VALUES: dict[str, list[FormValue]] = {"first": [True, False], "second": ["a", "b", "c"], "third": [0, 1, 2, 3]}
APPLICANTS = [Applicant(subject="s", kind=kind, name="N", id_number="001090000001") for kind in PersonKind]


@st.composite
def good_conditions(draw: st.DrawFn, before: int) -> list[dict[str, Any]]:
    """Returns valid conditions about the channel, the applicant, and the first `before` fields of the form."""
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


def dossiers(form: list[dict[str, Any]]) -> Iterator[Case]:
    """Yields every dossier whose fields are present exactly if their conditions hold."""
    fields = [FieldPart.model_validate(field | {"required": False}) for field in form]
    for channel, applicant in product(Channel, APPLICANTS):
        for chosen in product(*([*VALUES[field.code], None] for field in fields)):
            given: dict[str, FormValue] = {}
            filed = Case(given, channel, Of(applicant.kind))
            for field, value in zip(fields, chosen, strict=True):
                if value is not None and hold(field.when, filed, TODAY):
                    given[field.code] = value
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
