"""The page of the procedures' facts agrees with their files, and gives a reason for each unconfirmed fact."""

import os
from collections import Counter
from functools import cache
from typing import Final

import pytest

from docs.tools.facts.page import PROCEDURES, WHY, page
from docs.tools.facts.page import rows as rows_of_all
from tests.conftest import ROOT

PAGE: Final = ROOT / "docs" / "facts.md"
rows: Final = cache(lambda: tuple(rows_of_all()))


@pytest.fixture(scope="session", autouse=True)
def _written_anew() -> None:
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        PAGE.write_text(page(), encoding="utf-8")


def test_the_page_says_what_the_files_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    assert {row.part for row in rows() if row.trust == "unconfirmed"} == set(WHY)


def test_no_more_facts_are_unconfirmed_than_there_were() -> None:
    trusts = Counter(row.trust for row in rows())
    assert trusts["unconfirmed"] <= MOST
    assert len({row.procedure for row in rows()}) == len([*PROCEDURES.glob("*.yaml")])


MOST: Final = 553
"""The maximum number of unconfirmed facts; it is only lowered, unless a procedure is added."""
