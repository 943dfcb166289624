"""The real provinces pass; what is wrong with a province's file is found at its line; what is composed is its own."""

import re
from copy import deepcopy
from datetime import date
from functools import cache
from typing import Any, Final, TypeAlias

import pytest
import yaml

from publishing.authoring.procedures import PROCEDURES, check_bytes, demo_variant
from publishing.authoring.provinces import PROVINCES, Checked, check_province, compose, known_from
from publishing.checks.provinces import Base, Known, misfits
from rules.source.document import parse
from schemas.publishing.procedure_rules import rules_of
from tests.words.mistakes import mistakes_in

Raw: TypeAlias = dict[str, Any]
EXTRACT: Final = "2.000635"
OWN: Final = "1.001029.000.00.00.H29"
SOURCE: Final = (PROCEDURES / f"{EXTRACT}@2026-12.yaml").read_bytes()
FILES: Final = sorted(PROVINCES.glob("*.yaml"))


@cache
def catalogue() -> Known:
    return known_from(file.read_bytes() for file in sorted(PROCEDURES.glob("*.yaml")))


def good() -> Raw:
    """A province with every part."""
    fee = deepcopy(parse(SOURCE).value["fee"])
    fee["items"][0]["amount"] = 5000
    return {
        "province": "H29",
        "version": "2026-12",
        "checked": "2026-11-27",
        "name": {"vi": "Tỉnh", "en": "Province"},
        "fees": {EXTRACT: fee},
        "own": [{"code": OWN, "source": "unconfirmed"}],
        "desks": [{"agency": "H29.01", "receives_for": ["H29.16", "H29.17"], "source": "unconfirmed"}],
    }


def checked(raw: object) -> Checked:
    known = catalogue()._replace(agencies=frozenset({"H29.01", "H29.16", "H29.17"}))
    written = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False).encode()
    return check_province(written, known, date(2026, 12, 1))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_real_provinces_pass(file: Any) -> None:
    found = check_province(file.read_bytes(), catalogue())
    assert found.mistakes == []
    assert found.overlay is not None
    assert file.name == f"{found.overlay.province}@{found.overlay.version}.yaml"


def test_a_province_with_every_part_passes() -> None:
    assert checked(good()).mistakes == []


OWNED: Final[Raw] = {"code": OWN, "source": "unconfirmed"}
DESK: Final[Raw] = {"agency": "H29.01", "receives_for": ["*"], "source": "unconfirmed"}
BROKEN: Final[list[tuple[str, Any, str | None, str]]] = [
    # where what is written, the place of the mistake if it is another one, and its rule
    ("province", "h29", None, "wrong_form"),
    ("limits", {}, None, "unknown_key"),
    ("checked", "2026-12-02", None, "checked_in_future"),
    ("fees", {"9.999999": good()["fees"][EXTRACT]}, "fees.9.999999", "unknown_procedure"),
    (f"fees/{EXTRACT}/items/0/per", "rooms", None, "per_unknown_field"),
    (f"fees/{EXTRACT}/channels", ["counter"], None, "fee_must_offer_online"),
    ("version", "2026-12-of-the-province-1", f"fees.{EXTRACT}", "composed_version_too_long"),
    ("own/0/code", "1.001029.000.00.00.H24", None, "of_another_province"),
    ("own/0/code", "1.000001.H29", None, "unknown_procedure"),
    ("own", [OWNED, dict(OWNED)], "own[1].code", "duplicate_code"),
    ("desks/0/agency", "H29.99", None, "unknown_agency"),
    ("desks/0/receives_for/1", "H01.12", None, "unknown_agency"),
    ("desks", [DESK, deepcopy(DESK)], "desks[1].agency", "desk_twice"),
]


@pytest.mark.parametrize(("where", "value", "at", "rule"), BROKEN)
def test_what_is_wrong_is_found_at_its_line(where: str, value: Any, at: str | None, rule: str) -> None:
    raw = good()
    *way, last = [int(key) if key.isdigit() else key for key in where.split("/")]
    part: Any = raw
    for key in way:
        part = part[key]
    part[last] = value
    [mistake] = checked(raw).mistakes
    assert (mistake.path, mistake.rule) == (at or re.sub(r"/(\d+)(?=/|$)", r"[\1]", where).replace("/", "."), rule)
    line = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False).split("\n")[(mistake.line or 0) - 1]
    assert any(word in line for word in (mistake.path.rpartition(".")[2], str(value)))


def test_every_rule_is_tested() -> None:
    unseen = mistakes_in("province") - {rule for *_, rule in BROKEN}
    assert unseen == {"does_not_fit_province"}  # tests/integration/operations/test_publish.py


@pytest.mark.parametrize("data", [b"", b"[]", b"H24"])
def test_what_is_no_mapping_is_refused(data: bytes) -> None:
    assert [mistake.rule for mistake in check_province(data, catalogue()).mistakes] == ["not_a_mapping"]


def test_what_is_composed_is_the_procedure_with_the_fee_of_the_province() -> None:
    fee = good()["fees"][EXTRACT]
    base = Base(parse(SOURCE).value)

    made = compose(base, "H29", "2026-12", fee)

    assert (made.code, made.version, made.province, made.base) == (EXTRACT, "2026-12.H29.2026-12", "H29", "2026-12")
    read = check_bytes(made.source)
    assert read.mistakes == []
    assert read.procedure is not None
    assert read.sha256 == made.sha256
    assert made.rules == rules_of(read.procedure, made.sha256).model_dump_json().encode()
    assert {**parse(made.source).value, "version": "2026-12", "fee": base.raw["fee"]} == base.raw
    assert read.procedure.fee is not None
    assert read.procedure.fee.items[0].amount == 5000
    assert made == compose(base, "H29", "2026-12", fee)


def test_a_demonstration_is_composed_too() -> None:
    base = Base(parse(demo_variant(SOURCE)).value, demo=True)
    made = compose(base, "H29", "2026-12", good()["fees"][EXTRACT])
    assert (made.version, made.demo) == ("2026-12-demo.H29.2026-12", True)
    assert check_bytes(made.source, allow_seconds=True).mistakes == []


def test_what_was_wrong_with_the_base_is_not_the_provinces_mistake() -> None:
    base = {**parse(SOURCE).value, "level": 4.0}
    assert misfits(Base(base), base) == []
    assert [entry.rule for entry in misfits(Base(base), {**base, "version": "?"})] == ["wrong_form"]
