"""The real procedures pass; every rule refuses what it should, at the exact place."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from deploy.catalogue import check, check_bytes, demo_variant, parse
from deploy.procedure_file import DEMO_SECONDS, MAX_BYTES, MistakesFound
from rules.catalogue import problems
from rules.mistakes import RULES
from schemas.level import Level
from schemas.limit import Unit
from schemas.procedure import rules_of

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "procedures").glob("*.yaml"))
EXTRACT = (ROOT / "procedures" / "2.000635@2026-07.yaml").read_bytes()

Raw = dict[str, Any]
Change = Callable[[Raw], object]


def extract() -> Raw:
    """The level-4 procedure with a fee, as plain data."""
    raw: Raw = yaml.safe_load(EXTRACT)
    return raw


def found(raw: object, *, allow_seconds: bool = False) -> set[tuple[str, str]]:
    return {(entry.path, entry.rule) for entry in problems(raw, allow_seconds=allow_seconds)}


def at_level(level: int, **parts: Any) -> Change:
    """Without what only level 4 allows."""

    def change(raw: Raw) -> None:
        raw["level"] = level
        raw["signature"]["required"] = False
        raw["fee"]["channels"] = ["counter"]
        raw["result"]["channels"] = ["counter"]
        for path, value in parts.items():
            raw[path] = value

    return change


def many(*changes: Change) -> Change:
    def change(raw: Raw) -> None:
        for one in changes:
            one(raw)

    return change


STEP = {"name": {"vi": "a", "en": "a"}, "limit": "1 working days", "source": "unconfirmed"}
PROPOSE = STEP | {"code": "p", "role": "specialist", "act": "propose"}
DECIDE = STEP | {"code": "d", "role": "leader", "act": "decide"}
ORDER = {"number": "1", "officers": ["x"], "source": "unconfirmed"}

BROKEN: list[tuple[str, str, Change]] = [
    # the form of values
    ("code", "quote_it", lambda raw: raw.update(code=2.000635)),
    ("version", "quote_it", lambda raw: raw.update(version=2026)),
    ("version", "quote_it", lambda raw: raw.update(version=date(2026, 7, 1))),
    ("name.vi", "quote_it", lambda raw: raw["name"].update(vi=False)),
    ("code", "wrong_form", lambda raw: raw.update(code="2000635")),
    ("level", "not_allowed_value", lambda raw: raw.update(level=5)),
    ("level", "not_allowed_value", lambda raw: raw.update(level="4")),
    ("name.en", "required", lambda raw: raw["name"].update(en="  ")),
    ("name.en", "required", lambda raw: raw["name"].pop("en")),
    ("review[0].source", "required", lambda raw: raw["review"][0].pop("source")),
    ("form", "required", lambda raw: raw.update(form=None)),
    ("colour", "unknown_key", lambda raw: raw.update(colour="red")),
    ("fee.items[0].ammount", "unknown_key", lambda raw: raw["fee"]["items"][0].update(ammount=1)),
    ("", "key_not_text", lambda raw: raw.__setitem__(cast("str", 1), 1)),
    ("legal_basis[0]", "unreadable_character", lambda raw: raw.update(legal_basis=["a\0"])),
    ("legal_basis", "too_few", lambda raw: raw.update(legal_basis=[])),
    ("legal_basis[0]", "too_long", lambda raw: raw.update(legal_basis=["a" * 2001])),
    ("legal_basis[0]", "invalid", lambda raw: raw.update(legal_basis=[{1, 2}])),
    ("papers", "list_expected", lambda raw: raw.update(papers="none")),
    ("papers[0].required", "boolean_expected", lambda raw: raw["papers"][0].update(required="yes")),
    ("papers[0].code", "text_expected", lambda raw: raw["papers"][0].update(code=["a"])),
    ("result", "mapping_expected", lambda raw: raw.update(result="a")),
    ("information.sets", "integer_expected", lambda raw: raw["information"].update(sets="one")),
    ("information.sets", "out_of_range", lambda raw: raw["information"].update(sets=10)),
    ("form[3].maximum", "out_of_range", lambda raw: raw["form"][3].update(maximum=10**5000)),
    ("supplement.rounds", "out_of_range", lambda raw: raw["supplement"].update(rounds=-1)),
    ("fee.items[0].amount", "out_of_range", lambda raw: raw["fee"]["items"][0].update(amount=0)),
    ("fee.items[0].kind", "not_allowed_value", lambda raw: raw["fee"]["items"][0].update(kind="tax")),
    ("review[0].role", "not_allowed_value", lambda raw: raw["review"][0].update(role="cashier")),
    ("limits.intake", "limit_form", lambda raw: raw["limits"].update(intake="8 hours")),
    ("limits.intake", "limit_form", lambda raw: raw["limits"].update(intake=8)),
    # limits
    ("limits.pickup", "limit_zero", lambda raw: raw["limits"].update(pickup="0 working hours")),
    ("review[1].limit", "limit_zero", lambda raw: raw["review"][1].update(limit="0 working hours")),
    ("fee.limit", "seconds_not_allowed", lambda raw: raw["fee"].update(limit="30 seconds")),
    ("supplement.limit", "seconds_not_allowed", lambda raw: raw["supplement"].update(limit="30 seconds")),
    # codes and fields
    ("papers[1].code", "duplicate_code", lambda raw: raw["papers"].append(raw["papers"][0])),
    ("form[4].code", "duplicate_code", lambda raw: raw["form"].append(raw["form"][1])),
    ("review[1].code", "duplicate_code", lambda raw: raw["review"][1].update(code="appraise")),
    ("fee.items[1].code", "duplicate_code", lambda raw: raw["fee"]["items"].append(raw["fee"]["items"][0])),
    ("form[0].choices", "choices_required", lambda raw: raw["form"][0].pop("choices")),
    ("form[1].choices", "choices_only_for_choice", lambda raw: raw["form"][1].update(choices=["a"])),
    ("form[0].choices[1]", "duplicate_value", lambda raw: raw["form"][0].update(choices=["a", "a"])),
    ("form[2].minimum", "bounds_not_for_kind", lambda raw: raw["form"][2].update(minimum=1)),
    ("form[1].minimum", "negative_length", lambda raw: raw["form"][1].update(minimum=-1)),
    ("form[3].minimum", "minimum_above_maximum", lambda raw: raw["form"][3].update(minimum=51)),
    # review
    ("review", "review_required", lambda raw: raw.update(review=[])),
    ("review", "review_required", many(at_level(2), lambda raw: raw.pop("review"))),
    ("review", "decide_exactly_once", lambda raw: raw.update(review=[PROPOSE])),
    ("review", "decide_exactly_once", lambda raw: raw.update(review=[PROPOSE, DECIDE, DECIDE | {"code": "e"}])),
    ("review[0].act", "decide_not_last", lambda raw: raw["review"].reverse()),
    ("review[1].role", "decide_by_leader", lambda raw: raw["review"][1].update(role="clerk")),
    ("review", "propose_exactly_once", lambda raw: raw.update(review=[DECIDE])),
    ("review", "propose_exactly_once", lambda raw: raw["review"].insert(0, PROPOSE)),
    ("review", "propose_exactly_once", at_level(1, review=[DECIDE])),
    # fee
    ("fee.items[0].per", "per_unknown_field", lambda raw: raw["fee"]["items"][0].update(per="pages")),
    ("fee.items[0].per", "per_not_integer", lambda raw: raw["fee"]["items"][0].update(per="person_name")),
    ("form[3].minimum", "per_needs_minimum", lambda raw: raw["form"][3].pop("minimum")),
    ("form[3].minimum", "per_needs_minimum", lambda raw: raw["form"][3].update(minimum=-1)),
    ("form[3].maximum", "per_needs_maximum", lambda raw: raw["form"][3].pop("maximum")),
    ("form[3].maximum", "per_needs_maximum", lambda raw: raw["form"][3].update(maximum=100_001)),
    ("fee.channels[1]", "fee_by_post_not_available", lambda raw: raw["fee"].update(channels=["online", "post"])),
    (
        "fee.channels[0]",
        "fee_by_post_not_available",
        many(at_level(2), lambda raw: raw["fee"].update(channels=["post"])),
    ),
    ("fee.channels[1]", "duplicate_value", lambda raw: raw["fee"].update(channels=["online", "online"])),
    # what the level allows
    (
        "fee.channels[0]",
        "fee_channel_not_allowed",
        many(at_level(3), lambda raw: raw["fee"].update(channels=["online"])),
    ),
    ("fee.channels", "fee_must_offer_online", lambda raw: raw["fee"].update(channels=["counter"])),
    (
        "result.channels[0]",
        "result_channel_not_allowed",
        many(at_level(3), lambda raw: raw["result"].update(channels=["online"])),
    ),
    ("result.channels", "result_must_offer_online", lambda raw: raw["result"].update(channels=["counter"])),
    ("result.channels[2]", "duplicate_value", lambda raw: raw["result"].update(channels=["online", "post", "post"])),
    (
        "signature.required",
        "signature_not_allowed",
        many(at_level(3), lambda raw: raw["signature"].update(required=True)),
    ),
    ("fee.channels", "unsigned_could_not_pay", lambda raw: raw["fee"].update(channels=["online"])),
    ("automatic", "automatic_needs_online_filing", at_level(2, automatic=ORDER)),
    ("automatic", "automatic_needs_online_filing", at_level(1, automatic=ORDER)),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_real_procedures_pass(path: Path) -> None:
    checked = check_bytes(path.read_bytes())

    assert checked.mistakes == []
    assert checked.procedure is not None
    assert path.name == f"{checked.procedure.code}@{checked.procedure.version}.yaml"
    rules_of(checked.procedure, checked.sha256)


def test_the_real_procedures_show_every_level() -> None:
    procedures = [check_bytes(path.read_bytes()).procedure for path in FILES]

    assert {procedure.level for procedure in procedures if procedure} == set(Level)


@pytest.mark.parametrize(("path", "rule", "change"), BROKEN, ids=[f"{path}-{rule}" for path, rule, _ in BROKEN])
def test_a_broken_procedure_is_refused_at_the_place_of_its_mistake(path: str, rule: str, change: Change) -> None:
    raw = extract()
    change(raw)

    assert found(raw) == {(path, rule)}


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_lower_level_with_what_it_allows_passes(level: int) -> None:
    raw = extract()
    at_level(level)(raw)

    assert found(raw) == set()


@pytest.mark.parametrize("amount", ["0 working days", "0 calendar days"])
def test_the_same_day_is_a_limit(amount: str) -> None:
    raw = extract()
    raw["limits"]["processing"] = amount

    assert found(raw) == set()


def test_level_1_may_be_a_page_alone() -> None:
    raw = extract()
    at_level(1, review=[])(raw)

    assert found(raw) == set()


def test_all_mistakes_are_reported_together() -> None:
    raw = extract()
    raw["code"] = 2.000635
    raw["limits"]["intake"] = "soon"
    raw["limits"]["pickup"] = "0 working hours"
    raw["fee"]["channels"] = ["counter"]
    raw["fee"]["due"] = "never"
    raw["form"][0]["choices"] = []
    raw["form"][1]["kind"] = "words"
    raw["review"][1]["role"] = "clerk"
    raw["papers"][0]["colour"] = "red"

    assert found(raw) == {
        ("code", "quote_it"),
        ("limits.intake", "limit_form"),
        ("limits.pickup", "limit_zero"),
        ("fee.channels", "fee_must_offer_online"),
        ("fee.due", "not_allowed_value"),
        ("form[0].choices", "choices_required"),
        ("form[1].kind", "not_allowed_value"),
        ("review[1].role", "decide_by_leader"),
        ("papers[0].colour", "unknown_key"),
    }


@pytest.mark.parametrize("raw", [None, [], "text", 1])
def test_what_is_no_mapping_is_refused(raw: object) -> None:
    assert found(raw) == {("", "not_a_mapping")}


def test_endless_nesting_is_refused() -> None:
    raw = extract()
    raw["papers"] = raw

    assert "too_deep" in {rule for _, rule in found(raw)}


def test_seconds_are_for_demonstrations() -> None:
    raw = extract()
    raw["limits"]["intake"] = "5 seconds"

    assert found(raw, allow_seconds=True) == set()


def test_mistakes_repeat_nothing_that_was_written() -> None:
    raw = extract()
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


@pytest.mark.parametrize(("path", "rule", "line", "data"), UNREADABLE, ids=[rule for _, rule, _, _ in UNREADABLE])
def test_unreadable_yaml_is_a_mistake_with_its_line(path: str, rule: str, line: int | None, data: bytes) -> None:
    parsed = parse(data)

    assert [(entry.path, entry.rule, entry.line) for entry in parsed.mistakes] == [(path, rule, line)]


def test_every_rule_is_tested() -> None:
    assert {rule for _, rule, _ in BROKEN} | {rule for _, rule, _, _ in UNREADABLE} >= RULES - {"not_a_mapping"}


def test_what_yaml_guesses_is_asked_to_be_quoted() -> None:
    text = TEXT.replace('"2.000635"', "2.000635").replace('"2026-07"', "2026-07-01")

    mistakes = check_bytes(text.encode()).mistakes

    assert [(entry.path, entry.rule, entry.line) for entry in mistakes] == [
        ("code", "quote_it", 2),
        ("version", "quote_it", 3),
    ]


def test_a_missing_key_is_reported_at_the_line_of_its_part() -> None:
    text = TEXT.replace("  due: acceptance\n", "")

    [mistake] = check_bytes(text.encode()).mistakes

    assert (mistake.path, mistake.rule) == ("fee.due", "required")
    assert mistake.line == text.split("\n").index("fee:") + 1


def test_an_empty_file_is_no_mapping() -> None:
    assert [entry.rule for entry in check_bytes(b"").mistakes] == ["not_a_mapping"]


def test_check_names_the_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_bytes(EXTRACT)
    bad.write_bytes(EXTRACT.replace(b"level: 4", b"level: 9"))

    assert [(path, entry.path, entry.rule) for path, entry in check([good, bad])] == [
        (bad, "level", "not_allowed_value")
    ]


def test_the_example_of_the_documentation_passes() -> None:
    page = (ROOT / "docs" / "procedures.md").read_text("utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    procedure = check_bytes(example.encode()).procedure

    assert procedure is not None
    assert procedure.fee is not None
    assert procedure.supplement.rounds == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_demo_variant_of_every_procedure_runs_in_seconds(path: Path) -> None:
    data = demo_variant(path.read_bytes(), {"supplement": 3})

    procedure = check_bytes(data, allow_seconds=True).procedure
    assert procedure is not None
    assert procedure.version == "2026-07-demo"
    assert {limit.unit for _, limit in procedure.limits} == {Unit.SECONDS}
    assert procedure.limits.intake.amount == DEMO_SECONDS["intake"]
    assert {step.limit.amount for step in procedure.review} == {DEMO_SECONDS["step"]}
    assert procedure.supplement.limit.amount == 3
    assert procedure.fee is None or procedure.fee.limit.amount == DEMO_SECONDS["payment"]
    assert data == demo_variant(path.read_bytes(), {"supplement": 3})


def test_a_demo_variant_of_a_broken_file_is_refused() -> None:
    with pytest.raises(MistakesFound) as caught:
        demo_variant(b"code: x")
    assert caught.value.mistakes

    with pytest.raises(ValueError, match="no such limit"):
        demo_variant(EXTRACT, {"lunch": 3})
