"""The real procedures pass; every rule refuses what it should, at the exact place."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from pydantic import BaseModel

from publishing.authoring.procedure_file import DEMO_SECONDS, MistakesFoundError
from publishing.authoring.procedures import DIRECTORY, check, check_bytes, demo_variant
from publishing.checks.procedure import problems
from rules.source.document import MAX_BYTES, parse
from schemas.level import Channel, Level
from schemas.limit import Limit, Unit
from schemas.people import PersonKind
from schemas.publishing.agency import AgencyKind
from schemas.publishing.fact import Condition
from schemas.publishing.fee import FeeDue
from schemas.publishing.procedure import Act, Procedure, Silence
from schemas.publishing.procedure_rules import rules_of
from tests.walking import walked
from tests.words.mistakes import mistakes_in

from .broken_procedures import BROKEN, at_level, good
from .changing import Broken, drop, many, put

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "procedures").glob("*.yaml"))
EXTRACT = (ROOT / "procedures" / "2.000635@2026-12.yaml").read_bytes()


TODAY = date(2026, 11, 27)


def found(raw: object, *, allow_seconds: bool = False) -> set[tuple[str, str]]:
    return {(entry.path, entry.rule) for entry in problems(raw, allow_seconds=allow_seconds, today=TODAY)}


@walked("path", FILES, ids=lambda path: path.name, at_least=29)
def test_the_real_procedures_pass(path: Path) -> None:
    checked = check_bytes(path.read_bytes())
    assert checked.mistakes == []
    assert checked.procedure is not None
    assert path.name == f"{checked.procedure.code}@{checked.procedure.version}.yaml"
    rules_of(checked.procedure, checked.sha256)


def test_the_real_procedures_show_every_level_and_every_part() -> None:
    procedures = [procedure for path in FILES if (procedure := check_bytes(path.read_bytes()).procedure)]

    assert len(procedures) >= 26
    assert {procedure.level for procedure in procedures} == set(Level)
    deciding = {kind for procedure in procedures if procedure.decided_by for kind in procedure.decided_by.kinds}
    assert deciding == set(AgencyKind) - {AgencyKind.ONE_STOP_CENTRE}
    assert any(procedure.partial for procedure in procedures)
    assert any(case.when for procedure in procedures for case in procedure.cases)
    replacing = {paper.replaced_by for procedure in procedures for paper in procedure.papers}
    assert len(replacing) >= 7
    fees = [procedure.fee for procedure in procedures if procedure.fee]
    assert {fee.due for fee in fees} == set(FeeDue)
    steps = [step for procedure in procedures for step in procedure.review]
    assert {step.act for step in steps} == set(Act)
    assert {step.consult.silence for step in steps if step.consult} == set(Silence)
    conditional = {
        "paper": [part.when for procedure in procedures for part in procedure.papers],
        "field": [part.when for procedure in procedures for part in procedure.form],
        "item": [part.when for fee in fees for part in fee.items],
    }
    assert all(any(conditions) for conditions in conditional.values())
    conditions = [condition for whens in conditional.values() for when in whens for condition in when]
    seen = {name for condition in conditions for name in condition.model_fields_set}
    assert seen | {"at_most", "at_most_days_ago"} == set(Condition.model_fields)
    assert {condition.channel for condition in conditions} > set(Channel)
    assert {condition.applicant for condition in conditions} > set(PersonKind)
    for part in ("automatic", "silent_approval", "extension"):
        assert any(getattr(procedure, part) for procedure in procedures)
    assert any(fee.waivers for fee in fees)
    assert any(item.per for fee in fees for item in fee.items)
    assert any("suspension" in procedure.limits.model_fields_set for procedure in procedures)


def test_accountable_officers_of_the_real_procedures_are_leaders_of_the_demo() -> None:
    directory = parse(DIRECTORY.read_bytes()).value
    leaders = {
        officer["subject"]
        for agency in directory["agencies"]
        for officer in agency["officers"]
        if "leader" in officer["roles"]
    }

    for path in FILES:
        procedure = check_bytes(path.read_bytes()).procedure
        assert procedure is not None
        for part in (procedure.automatic, procedure.silent_approval):
            assert part is None or set(part.officers) <= leaders


def test_a_procedure_with_every_part_passes() -> None:
    raw = good()
    assert found(raw) == set()
    rules_of(Procedure.model_validate_json(json.dumps(raw)), "0" * 64)


@walked("broken", BROKEN, ids=[broken.name for broken in BROKEN], exactly=280)
def test_a_broken_procedure_is_refused_at_the_place_of_its_mistake(broken: Broken) -> None:
    raw = good()
    broken.change(raw)
    assert found(raw) == {(broken.path, broken.rule)}


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_lower_level_with_what_it_allows_passes(level: int) -> None:
    raw = good()
    at_level(level)(raw)
    assert found(raw) == set()


@pytest.mark.parametrize("amount", ["0 working days", "0 calendar days"])
def test_the_same_day_is_a_limit(amount: str) -> None:
    raw = good()
    raw["limits"]["processing"] = amount
    raw["extension"]["by"] = amount.replace("0", "2")
    assert found(raw) == set()


@pytest.mark.parametrize("cut_off", ["00:00", "15:00", "23:59"])
def test_a_procedure_may_say_from_when_on_the_next_day_counts_and_how_it_tells_of_its_limit(cut_off: str) -> None:
    raw = good()
    raw["limits"] |= {"cut_off": cut_off, "reminder": "4 working hours", "apology": "2 working days"}
    raw["limits"] |= {"processing": "5 working days", "reappointment": "3 working days"}
    assert found(raw) == set()
    limits = Procedure.model_validate_json(json.dumps(raw)).limits
    assert str(limits.reappointment) == "3 working days"
    assert f"{limits.cut_off:%H:%M}" == cut_off


def test_level_1_may_be_a_page_alone() -> None:
    raw = good()
    many(at_level(1), put("review", []), drop("extension"))(raw)
    assert found(raw) == set()


def test_all_mistakes_are_reported_together() -> None:
    raw = good()
    raw["code"] = 2.000635
    raw["limits"]["intake"] = "soon"
    raw["limits"]["pickup"] = "0 working hours"
    raw["fee"]["channels"] = ["counter"]
    raw["fee"]["due"] = "never"
    raw["form"][1]["kind"] = "words"
    raw["review"][1]["consult"]["silence"] = "refusal"
    raw["review"][3]["name"] = "Appraise"
    raw["review"][4]["role"] = "clerk"
    raw["papers"][0]["colour"] = "red"
    raw["papers"][0]["when"][0]["one_of"] = ["adoption", "birth"]
    raw["papers"][1]["when"][0]["channel"] = "post"
    raw["papers"][2]["code"] = "statutes"
    raw["extension"] |= {"by": "0 working days", "notice": "soon"}
    raw["silent_approval"]["officers"] = ["x", 1, "x"]
    del raw["review"][2]["obligation"]

    assert found(raw) == {
        ("code", "quote_it"),
        ("limits.intake", "limit_form"),
        ("limits.pickup", "limit_zero"),
        ("fee.channels", "fee_must_offer_online"),
        ("fee.due", "not_allowed_value"),
        ("form[1].kind", "not_allowed_value"),
        ("review[1].consult.silence", "not_allowed_value"),
        ("review[2].obligation", "obligation_required"),
        ("review[3].name", "mapping_expected"),
        ("review[4].role", "decide_by_leader"),
        ("papers[0].colour", "unknown_key"),
        ("papers[0].when[0].one_of[0]", "when_value_not_of_field"),
        ("papers[1].when[0]", "when_one_thing"),
        ("papers[2].code", "duplicate_code"),
        ("extension.by", "extension_by_nothing"),
        ("extension.notice", "limit_form"),
        ("silent_approval.officers[1]", "quote_it"),
        ("silent_approval.officers[2]", "duplicate_value"),
    }


@pytest.mark.parametrize("raw", [None, [], "text", 1])
def test_what_is_no_mapping_is_refused(raw: object) -> None:
    assert found(raw) == {("", "not_a_mapping")}


def test_endless_nesting_is_refused() -> None:
    raw = good()
    raw["papers"] = raw
    assert "too_deep" in {rule for _, rule in found(raw)}


def test_seconds_are_for_demonstrations() -> None:
    raw = good()
    raw["limits"]["intake"] = "5 seconds"
    assert found(raw, allow_seconds=True) == set()


def test_mistakes_repeat_nothing_that_was_written() -> None:
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


def test_what_yaml_guesses_is_asked_to_be_quoted() -> None:
    text = TEXT.replace('"2.000635"', "2.000635").replace('"2026-12"', "2026-07-01")
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


def test_the_fragments_of_the_documentation_pass() -> None:
    page = (ROOT / "docs" / "procedures.md").read_text("utf-8")
    parts = [
        yaml.safe_load(dedent(text)) for text in re.findall(r"```\n(.*?)```", page, re.DOTALL) if "source:" in text
    ]
    raw = good()
    raw["limits"]["processing"] = "5 working days"
    raw["form"] = []
    raw["papers"] = []
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

    assert len(parts) == 13
    assert found(raw) == set()
    assert found(raw | {"review": [referring, *raw["review"]], "silent_approval": None}) == set()


def all_limits(part: object) -> Iterator[Limit]:
    """Every limit that is written anywhere in `part`."""
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

    procedure = check_bytes(data, allow_seconds=True).procedure
    assert procedure is not None
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
