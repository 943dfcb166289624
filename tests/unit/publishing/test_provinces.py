"""The real provinces pass; what is wrong with a province's file is found at its line; what is composed is its own."""

from __future__ import annotations

from collections.abc import Callable
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


def put(path: str, value: Any) -> Callable[[Raw], None]:
    """Write a value; the keys of the path are separated by slashes."""

    def change(raw: Raw) -> None:
        *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
        part: Any = raw
        for key in way:
            part = part[key]
        part[last] = value

    return change


DESK: Final[Raw] = {"agency": "H29.01", "receives_for": ["*"], "source": "unconfirmed"}
BROKEN: Final[dict[str, tuple[Callable[[Raw], None], str, str, str]]] = {
    # the change, the path of the mistake, its rule, and how its line begins
    "no province": (put("province", "h29"), "province", "wrong_form", "province"),
    "province of no name": (lambda raw: raw.pop("name"), "name", "required", "province"),
    "unknown part": (put("limits", {}), "limits", "unknown_key", "limits"),
    "version by a number": (put("version", 2026), "version", "quote_it", "version"),
    "checked by nobody": (lambda raw: raw.pop("checked"), "checked", "required", "province"),
    "checked tomorrow": (put("checked", "2026-12-02"), "checked", "checked_in_future", "checked"),
    "an item says its amount": (
        put(f"fees/{EXTRACT}/items/0/name/vi", "Phí 5.000 đồng"),
        f"fees.{EXTRACT}.items[0].name.vi",
        "money_in_text",
        "vi",
    ),
    "fee of nothing": (
        put("fees", {"9.999999": good()["fees"][EXTRACT]}),
        "fees.9.999999",
        "unknown_procedure",
        "'9.999999'",
    ),
    "fee without a source": (
        lambda raw: raw["fees"][EXTRACT].pop("source"),
        f"fees.{EXTRACT}.source",
        "required",
        "'2.000635'",
    ),
    "amount by words": (
        put(f"fees/{EXTRACT}/items/0/amount", "5000"),
        f"fees.{EXTRACT}.items[0].amount",
        "integer_expected",
        "amount",
    ),
    "counts what the procedure does not ask": (
        put(f"fees/{EXTRACT}/items/0/per", "rooms"),
        f"fees.{EXTRACT}.items[0].per",
        "per_unknown_field",
        "per",
    ),
    "channel that the level has not": (
        put(f"fees/{EXTRACT}/channels", ["counter"]),
        f"fees.{EXTRACT}.channels",
        "fee_must_offer_online",
        "channels",
    ),
    "limit in seconds": (
        put(f"fees/{EXTRACT}/limit", "5 seconds"),
        f"fees.{EXTRACT}.limit",
        "seconds_not_allowed",
        "limit",
    ),
    "version too long once composed": (
        put("version", "2026-12-of-the-province-1"),
        f"fees.{EXTRACT}",
        "composed_version_too_long",
        "'2.000635'",
    ),
    "own procedure of another": (
        put("own/0/code", "1.001029.000.00.00.H24"),
        "own[0].code",
        "of_another_province",
        "code",
    ),
    "own procedure of the country": (put("own/0/code", EXTRACT), "own[0].code", "of_another_province", "code"),
    "own procedure unknown": (put("own/0/code", "1.000001.H29"), "own[0].code", "unknown_procedure", "code"),
    "own procedure twice": (
        put("own", [{"code": OWN, "source": "unconfirmed"}, {"code": OWN, "source": "unconfirmed"}]),
        "own[1].code",
        "duplicate_code",
        "code",
    ),
    "own procedure without a source": (put("own/0", {"code": OWN}), "own[0].source", "required", "code"),
    "desk that is not there": (put("desks/0/agency", "H29.99"), "desks[0].agency", "unknown_agency", "agency"),
    "desk of another province": (put("desks/0/agency", "H01.01"), "desks[0].agency", "unknown_agency", "agency"),
    "desk for another province": (
        put("desks/0/receives_for/1", "H01.12"),
        "desks[0].receives_for[1]",
        "unknown_agency",
        "H01.12",
    ),
    "desk for nobody": (put("desks/0/receives_for", []), "desks[0].receives_for", "too_few", "receives_for"),
    "desk for the same twice": (
        put("desks/0/receives_for/1", "H29.16"),
        "desks[0].receives_for[1]",
        "duplicate_value",
        "H29.16",
    ),
    "desk twice": (put("desks", [DESK, deepcopy(DESK)]), "desks[1].agency", "desk_twice", "agency"),
    "desk by its code alone": (put("desks/0", "H29.01"), "desks[0]", "mapping_expected", "H29.01"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_found_at_its_line(name: str) -> None:
    change, path, rule, begins = BROKEN[name]
    raw = good()
    change(raw)
    [mistake] = checked(raw).mistakes
    assert (mistake.path, mistake.rule) == (path, rule)
    lines = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False).split("\n")
    assert lines[(mistake.line or 0) - 1].strip(" -").startswith(begins)


def test_every_rule_is_tested() -> None:
    unseen = mistakes_in("province") - {rule for _, _, rule, _ in BROKEN.values()}
    assert unseen == {"does_not_fit_province"}  # tests/integration/operations/test_provinces.py


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
