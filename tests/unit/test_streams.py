"""Every kind of stream stands in one descriptor, and whoever can't import it says the same."""

from __future__ import annotations

import re
from dataclasses import fields
from string import Formatter
from typing import Any, Final, get_args

import pytest

from operations.doctor.examination import THEN
from rules.stream_kind import StreamKind
from rules.streams import KINDS
from rules.waiting import Wait
from schemas.ids import restarts_stream
from schemas.message_catalogue import AnyEvent
from schemas.people import SYSTEM, Role
from schemas.stream.part import OnDemandStart, on_demand
from schemas.stream.restart import Restarted
from schemas.words.catalogue import SENTENCES
from tests.conftest import ROOT
from verifier import bundle as bundle_verifier
from verifier import ledger as ledger_verifier
from workers.wiring import WORKFLOWS

LEDGER: Final = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
DIGITS: Final = {"YYYYMMDD": "%Y%m%d", "YYYY": "%Y"}


def models(union: Any) -> set[type]:
    """The models of a union, however deep."""
    return {union} if isinstance(union, type) else {model for part in get_args(union) for model in models(part)}


def table(*heads: str) -> list[list[str]]:
    """The rows of the table of docs/ledger.md that has these heads."""
    _, _, rest = LEDGER.partition(f"| {' | '.join(heads)} |\n")
    rows = re.match(r"\|[-|]+\|\n((?:\|.*\|\n)+)", rest)
    assert rows, heads
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in rows[1].splitlines()]


def test_the_published_events_are_those_of_the_kinds() -> None:
    of_kinds = set[type]().union(*(kind.event_models for kind in KINDS.values()))
    assert models(AnyEvent) - {type(None)} >= of_kinds
    assert {model.__name__ for model in models(AnyEvent) if hasattr(model, "model_fields")} == {
        model.__name__ for model in of_kinds if hasattr(model, "model_fields")
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_begins_with_an_event_of_its_own(kind: StreamKind[Any]) -> None:
    events = {str(model.model_fields["kind"].default) for model in kind.event_models}
    assert kind.first in events
    assert kind.state.model_fields["snapshot_version"].default >= 1
    assert SYSTEM.role in kind.rules.writers
    assert kind.commands == () or kind.rules.writers > {Role.SYSTEM}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_says_what_it_waits_for_in_words_that_it_can_fill(kind: StreamKind[Any]) -> None:
    filled = {one.name for one in fields(Wait)} | {"agency", "count", "kind", None}
    for waits in kind.waits:
        assert waits.after <= set(kind.event_models)
        for key in (waits.says, f"{waits.says}.fix", f"doctor_check.{waits.check}"):
            assert {name for _, name, _, _ in Formatter().parse(SENTENCES[key][0])} <= filled
        assert waits.check in {check.name for check in THEN}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_kit_knows_of_a_kind_whether_a_command_starts_it(kind: StreamKind[Any]) -> None:
    starts = kind.start is not None and issubclass(kind.start, OnDemandStart)
    assert on_demand(kind.name) == (kind.workflow if starts else None)


def test_a_kind_that_a_command_starts_is_known_by_what_it_is_started_with() -> None:
    class Start(OnDemandStart):
        stream = "objection"
        workflow = "Objection"

    assert on_demand("objection") == Start.workflow


def test_every_kind_has_its_workflow() -> None:
    named = {workflow.__temporal_workflow_definition.name for workflow in WORKFLOWS}  # type: ignore[attr-defined]
    assert set(KINDS.workflows) <= named
    assert {kind.name for kind in KINDS.values() if not kind.workflow} == {"papers"}, "somebody else appends to these"


def test_the_page_and_the_verifiers_number_as_the_kinds_do() -> None:
    ours = {name: (how.mark, how.period) for name, how in KINDS.numberings.items()}
    page = {
        kind: (written.partition("<period>-")[2].removesuffix("<7 digits>"), DIGITS[period])
        for kind, _, _, written, period in table(
            "Counter `kind`", "Carried by", "Field of `body`", "Format", "`period`"
        )
    }
    verifier = {
        kind: (mark, {8: "%Y%m%d", 4: "%Y"}[digits]) for kind, (mark, digits) in ledger_verifier.NUMBERS.items()
    }
    assert ours == page == verifier
    assert set(ledger_verifier.FIRST_CARRIES) == {
        kind.name for kind in KINDS.values() if kind.start is not None and kind.numberings
    }


def test_the_page_and_the_verifier_know_how_streams_begin() -> None:
    ours = {kind.name: kind.first for kind in KINDS.values()}
    assert ours == dict(table("Kind", "First event"))
    assert ours | {restarts_stream("").rstrip(":"): Restarted.model_fields["kind"].default} == bundle_verifier.BEGINS
    also = {kind.name: kind.or_first for kind in KINDS.values() if kind.or_first}
    assert also == bundle_verifier.OR_BEGINS
    assert all(f"with a `{name}` too" in LEDGER for names in also.values() for name in names)
