"""What the rules allow is written down; where they differ from the law's table there is a reason."""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from docs.tools.law.articles import ARTICLES, KNOWN, REASONS
from docs.tools.law.matrix import SYSTEM_KINDS, matrix, page
from docs.tools.law.scenarios import SCENARIOS
from docs.tools.law.situations import situations
from rules.filing.queues import PUBLIC_KINDS, check
from schemas.filing.state import Stage, Status
from schemas.people import Role
from tests.conftest import ROOT

PAGE: Final[Path] = ROOT / "docs" / "law.md"
law: Final = cache(matrix)


@pytest.fixture(scope="session", autouse=True)
def _written_anew() -> None:
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        PAGE.write_text(page(law()), encoding="utf-8")


def test_the_page_says_what_the_rules_allow_and_leaves_nothing_out() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(law())
    asked = [(row.situation, row.role, row.command) for row in law().rows]
    kinds = {role: (*PUBLIC_KINDS, *(SYSTEM_KINDS if role is Role.SYSTEM else ())) for role in Role}
    wanted = [(place.name, str(role), kind) for place in situations() for role in Role for kind in kinds[role]]
    assert asked == wanted
    assert {row.status for row in law().rows} | {0} == {change.after for change in law().transitions} | {0}
    assert {row.status for row in law().rows} == set(Status)
    assert {row.stage for row in law().rows} == set(Stage) - {Stage.DRAFT}
    assert {row.command for row in law().rows if row.allowed} == {*PUBLIC_KINDS, *SYSTEM_KINDS} == set(ARTICLES)


def test_each_scenario_is_held_by_a_test_that_there_is() -> None:
    assert len({one.what for one in SCENARIOS}) == len(SCENARIOS) >= 60
    for one in SCENARIOS:
        file, name = one.test.split("::")
        made = ast.parse((ROOT / "tests" / file).read_bytes()).body
        there = {node.name for node in made if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in there, one.test


def test_a_row_says_what_the_rules_say() -> None:
    rows = iter(law().rows)
    for place in situations():
        filing, now = place.story.filing, place.story.now
        for role in Role:
            for kind in (*PUBLIC_KINDS, *(SYSTEM_KINDS if role is Role.SYSTEM else ())):
                row, why = next(rows), check(filing, kind, place.actor(role), now)
                if kind in PUBLIC_KINDS:
                    assert (row.allowed, row.rule) == (why is None, why and why.rule)
                assert bool(row.becomes) is row.allowed is (row.rule is None)


def test_what_the_law_does_not_know_and_what_it_knows_and_never_happens_has_its_reason() -> None:
    differing = {
        (change.before, change.after) for change in law().transitions if bool(change.by) is (change.law is None)
    }
    assert differing == set(REASONS)
    assert all(
        (change.reason is not None) is ((change.before, change.after) in REASONS) for change in law().transitions
    )
    assert {(change.before, change.after): change.law for change in law().transitions if change.law} == KNOWN


def test_it_is_asked_for_as_json() -> None:
    command = [sys.executable, "-m", "docs.tools.law", "--json"]
    said = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    assert len(said["rows"]) == len(law().rows)
    place = ("a step to decide, claimed", "leader", "decide")
    [decided] = [row for row in said["rows"] if (row["situation"], row["role"], row["command"]) == place]
    assert (decided["allowed"], decided["becomes"], decided["article"]) == (True, [4], "NĐ 61/2018 Đ19 k8")
    [returned] = [change for change in said["transitions"] if (change["before"], change["after"]) == (9, 10)]
    assert (returned["law"], returned["reason"]) == (KNOWN[9, 10], None)
