"""A procedure for reading: its texts filled, each limit with its own source, whoever stated it."""

from __future__ import annotations

import json

import pytest

from publishing.commands.procedure_page import rows
from schemas.limit import Limit
from schemas.publishing.procedure import Procedure
from schemas.publishing.time_limits import LIMIT_SOURCES, Limits

from .broken_procedures import FACT, VERIFIED, good


def page() -> dict[str, tuple[str, str]]:
    raw = good()
    raw["limits_source"] = {"intake": "Law art. 1", "appeal": "Law art. 2", "suspension": "Law art. 3"} | dict.fromkeys(
        ("processing", "issue", "delivery", "pickup"), "unconfirmed"
    )
    raw["cases"] = [VERIFIED]
    raw["result"]["postage"] = {"amount": 25_000, "source": "QĐ 45/2016 Đ12"}
    raw["information"]["how"] = FACT | {"vi": "Nộp {channels.filing}.", "en": "File {channels.filing}."}
    procedure = Procedure.model_validate_json(json.dumps(raw))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANG", "en")
        return {row.where: (row.what, row.source) for row in rows(procedure)}


def test_each_limit_has_its_own_source_that_of_the_file_or_that_of_the_platform() -> None:
    shown = page()
    assert shown["limits.intake"] == ("8 working hours", "Law art. 1")
    assert shown["limits.appeal"] == ("90 calendar days", "Law art. 2")
    assert shown["limits.transfer"] == ("1 working day", "unconfirmed")
    assert shown["limits.notice"][1] == "NĐ 61/2018/NĐ-CP Đ19 k9"


def test_every_limit_that_a_file_may_leave_out_has_a_source_of_the_platform() -> None:
    left_out = {name for name, field in Limits.model_fields.items() if isinstance(field.default, Limit)}
    assert left_out == set(LIMIT_SOURCES)


def test_texts_are_filled_and_what_stands_in_a_rule_is_said() -> None:
    shown = page()
    assert shown["information.how"][0] == ("File online, at the one-stop desk or by public post.")
    assert shown["figures[age]"][0] == "age\nvalue: 16\nunit: years of age"
    assert shown["cases[verified]"][0].endswith("time limit for processing: 5 working days")
    assert shown["result.postage"] == ("amount collected on delivery: 25,000 đồng", "QĐ 45/2016 Đ12")
    assert "least amount: 6,000 đồng" in shown["fee.items[many]"][0]
    assert "greatest amount: 60,000 đồng" in shown["fee.items[many]"][0]
    assert "condition: when the applicant is a person" in shown["fee.waivers[pupil]"][0]
    assert shown["fee.refunds[refused]"][0] == ("refused\nshare that goes back: 0%")
