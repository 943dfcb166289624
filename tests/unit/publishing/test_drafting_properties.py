"""Whatever stands in the cells of a row, it is refused or its draft is a procedure that YAML reads as it was meant."""

from __future__ import annotations

from datetime import date
from typing import Final

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from publishing.authoring.procedure_file import check_bytes
from publishing.drafting.columns import TITLES, headings
from publishing.drafting.draft import draft_of
from publishing.drafting.rows import Facts, facts_of
from publishing.importing.drafts import Between, Drafted, drafts
from publishing.importing.tables import Table
from rules.source.document import parse

from .provincial_table import AGENCIES, FEES, LEGAL, LEVELS, PAPERS_LISTED, TIMES

TEXTS: Final = st.one_of(
    st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cc", "No"], exclude_characters="{}"), max_size=30),
    st.text(st.sampled_from("ađ1 .:;#-&*!|>'\"%@`[],?\\\n\t\u00a0\ufeff\u200b/()="), max_size=20),
    st.sampled_from(
        ["null", "true", "no", "~", "1.0", "2026-12-01", "0x1F", "1e3", "=1+1", "---", "...", "<<", "a: b"]
    ),
)
ANYTHING: Final = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(), st.dates(date(1900, 1, 1)))


def like(*cells: str) -> st.SearchStrategy[str]:
    """One of these cells, some with anything behind or before it."""
    good = st.sampled_from(cells)
    return good | st.builds("{}{}".format, good, TEXTS) | st.builds("{}{}".format, TEXTS, good)


FREE: Final = TEXTS.filter(str.strip)
ROWS: Final = st.tuples(
    st.sampled_from(["1.001193", "2.000635.000.00.00.H29"]),
    FREE,
    st.sampled_from(list(LEVELS)),
    like(*AGENCIES),
    like(*TIMES),
    like(*FEES),
    st.lists(FREE | st.sampled_from(list(PAPERS_LISTED)), max_size=4).map("\n".join),
    like(*LEGAL),
    TEXTS,
    TEXTS,
    ANYTHING,
)
HEADED: Final = headings([*TITLES.values(), "Tên tiếng Anh", "Kết quả", "Ghi chú"])


def became(cells: list[object]) -> Drafted | Between:
    assert HEADED is not None
    (drafted,) = drafts(Table(HEADED, [(2, cells)]), "bảng #1: a.csv")
    return drafted


@settings(deadline=None)
@given(ROWS)
def test_a_draft_is_a_procedure_that_yaml_reads_as_it_was_meant(cells: tuple[object, ...]) -> None:
    drafted = became(list(cells))
    assert isinstance(drafted, Drafted)
    if not drafted.mistakes:
        assert HEADED is not None
        facts = facts_of(cells, HEADED)
        assert isinstance(facts, Facts)
        meant = draft_of(facts, "bảng #1: a.csv, dòng 2")
        assert check_bytes(drafted.content).mistakes == []
        assert parse(drafted.content).value == yaml.safe_load(drafted.content) == meant


@settings(deadline=None)
@given(st.lists(ANYTHING, max_size=13))
def test_no_cell_whatever_can_break_it(cells: list[object]) -> None:
    drafted = became(cells)
    if isinstance(drafted, Drafted):
        assert bool(drafted.mistakes) != bool(drafted.content)
