"""Derived ids are the same on every machine and for ever: literal values."""

from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids

FILING = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")


def test_a_submission_is_the_same_filing_for_ever_and_no_other() -> None:
    assert ids.filing_id("portal", "1") == FILING
    assert ids.filing_id("portal1", "1") != ids.filing_id("portal", "11")


def test_an_event_has_its_id_before_it_is_recorded() -> None:
    assert ids.event_id("filing:1", "submit", 0) == UUID("26b01f10-39eb-53fe-9ce0-9f37e5093814")
    assert ids.event_id("filing:1", "submit", 1) == UUID("33ac36c3-960f-5b67-8c29-c9836ad2c899")


def test_the_names_that_integrators_and_banks_know() -> None:
    assert ids.TASK_QUEUE == "motcua"
    assert ids.DEFAULT_BACK_OFFICE_QUEUE == "backoffice"
    assert ids.filing_workflow(FILING) == f"filing:{FILING}"
    assert ids.payment_workflow(FILING, 1) == f"payment:{FILING}:1"
    assert ids.parcel_workflow(FILING, 2) == f"parcel:{FILING}:2"
    assert ids.fee_key(FILING, 3) == f"fee:{FILING}:3"


def test_canonical_json_is_sorted_tight_and_utf8() -> None:
    assert ids.canonical({"b": 1, "a": "Đ", "c": [True, None]}) == '{"a":"Đ","b":1,"c":[true,null]}'.encode()


TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('\x00\x1f\x7f\u2028\uffff\U0001f600"\\'), max_size=5
)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUE)
def test_canonical_json_is_what_the_library_writes(value: Any) -> None:
    assert ids.canonical(value) == rfc8785.dumps(value)


@given(VALUE, st.sampled_from([2**53, -(2**53), float("nan"), float("inf"), "\ud800", {1: "a"}, {"\ud800": 1}, {1}]))
def test_what_canonical_json_cannot_hold_is_refused_wherever_it_stands(value: Any, no_json: Any) -> None:
    for whole in (no_json, [value, no_json], {"a": value, "b": {"c": no_json}}):
        with pytest.raises(ValueError, match=r"."):
            ids.canonical(whole)


def test_the_digest_of_content_is_stable_and_ignores_the_order_of_keys() -> None:
    known = "5749977faec0c57c2c45952aec9d150cf712371f2fd47cffdfc6a355d44e6f96"
    assert ids.digest({"form": {"copies": 2}, "name": "An"}) == known
    assert ids.digest({"name": "An", "form": {"copies": 2}}) == known


def test_the_parts_of_an_id_are_those_it_was_made_of() -> None:
    filing = ids.filing_id("c", "s")
    assert ids.StreamId.parse(ids.filing_workflow(filing)) == ("filing", filing, 0)
    assert ids.StreamId.parse(ids.payment_workflow(filing, 3)) == ("payment", filing, 3)
    assert ids.StreamId.parse(ids.parcel_workflow(filing, 12)) == ("parcel", filing, 12)
    assert str(ids.StreamId("parcel", filing, 12)) == ids.parcel_workflow(filing, 12)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "filing:",
        f"filing:{UUID(int=1)}:0",
        f"filing:{str(UUID(int=10)).upper()}",
        f"payment:{{{UUID(int=1)}}}:1",
        f"payment:{UUID(int=1)}:1:1",
    ],
)
def test_what_is_written_in_another_way_is_no_id(name: str) -> None:
    with pytest.raises(ValueError, match=r"id|UUID|int"):
        ids.StreamId.parse(name)
