"""The page of the law equals the rules, and each difference from the law's table of statuses has a reason."""

import ast
import json
import os
import runpy
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from docs.tools.law.articles import ARTICLES, KNOWN, OF_STREAMS, REASONS, REPLACED, cited
from docs.tools.law.matrix import SYSTEM_KINDS, cells, matrix, page
from docs.tools.law.scenarios import SCENARIOS
from docs.tools.law.situations import situations
from docs.tools.law.stories import APPLICANT, somebody
from docs.tools.law.streams import PLAYS, reached_states
from operations.commands.law import CELLS
from rules.filing.commands import RULES
from rules.filing.queues import PUBLIC_KINDS, check
from rules.streams import KINDS
from schemas.filing.state import Stage, Status
from schemas.people import OFFICERS, Role
from tests.conftest import ROOT
from tests.shell import Shell
from tests.unit.complaint.disputes import complain, reasons
from tests.unit.filing import lives

PAGE: Final[Path] = ROOT / "docs" / "law.md"
law: Final = cache(matrix)


@pytest.fixture(scope="session", autouse=True)
def _written_anew() -> None:
    if os.environ.get("MOTCUA_GOLDEN") == "write":
        PAGE.write_text(page(law()), encoding="utf-8")
        CELLS.write_text(written(), encoding="utf-8")


def written() -> str:
    return "".join(f"{json.dumps(cell._asdict(), ensure_ascii=False)}\n" for cell in cells(law()))


def test_a_repealed_act_is_cited_beside_the_one_in_its_place() -> None:
    pages = [*ROOT.glob("docs/*.md"), *ROOT.glob("procedures/*.yaml")]
    lines = [(page.name, line) for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    alone = [
        (name, line)
        for name, line in lines
        for repealed, new in REPLACED.items()
        if repealed in line and new.split("/")[0] not in line and (line.startswith("|") or name.endswith(".yaml"))
    ]
    assert alone == []


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
    assert set(RULES) == {*ARTICLES, "submit", "count_wrong_code"}  # the workflow gives these two for people


def test_every_command_to_every_other_stream_has_its_rows() -> None:
    commands = {kind: set(KINDS[kind].rules.of) for kind in KINDS if kind != "filing"}
    assert {kind: {row.command for row in law().streams if row.stream == kind} for kind in commands} == commands
    assert {kind: set(of) for kind, of in OF_STREAMS.items()} == commands


def test_what_is_repealed_stands_beside_what_is_in_force() -> None:
    assert cited("NĐ 61/2018 Đ22; ours") == ("NĐ 118/2025 (unread); ours", "NĐ 61/2018 Đ22")
    assert cited("Luật 02/2011 Đ35") == ("Luật 02/2011 Đ35", "")
    cells = {(row.article, row.repealed) for row in law().rows} | {(row.article, row.repealed) for row in law().streams}
    for article, repealed in cells:
        assert not any(act in article for act in REPLACED), article
        assert not repealed or "(unread)" in article, repealed


def test_no_cell_is_open_to_an_officers_account_of_the_applicants_own_person() -> None:
    for place in situations():
        for role in sorted(OFFICERS):
            mine = somebody(role, APPLICANT)
            for kind in PUBLIC_KINDS:
                assert check(place.story.filing, kind, mine, place.story.now) is not None, (place.name, role, kind)
    for kind in PLAYS.keys() - {"parcel", "papers"}:  # these name no applicant: the append refuses
        rules, places = KINDS[kind].rules, reached_states(kind).places.values()
        for role in sorted(OFFICERS):
            mine = lives.officer(role, lives.APPLICANT.subject)
            for state, now in places:
                for command in (one for one, rule in rules.of.items() if rule.who):
                    assert KINDS[kind].guard(state, command, mine, now) is not None, (kind, role, command)
    assert reasons(complain(actor=lives.officer(Role.RECEPTION, lives.APPLICANT.subject), document=lives.FILE))


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


async def test_the_installed_command_shows_what_the_rules_allow_in_every_stream() -> None:
    assert CELLS.read_text(encoding="utf-8") == written()
    shell = Shell({})
    every = (await shell("law", "matrix", "--json")).json
    assert {cell["stream"] for cell in every} == set(KINDS)
    assert {(kind, one) for kind in KINDS for one in KINDS[kind].rules.of} - {
        (cell["stream"], cell["command"]) for cell in every
    } == {("filing", "submit"), ("filing", "count_wrong_code")}
    decided = [cell for cell in every if (cell["stream"], cell["command"]) == ("filing", "decide")]
    assert (await shell("law", "matrix", "--command", "decide", "--role", "leader", "--json")).json == decided
    assert {tuple(cell["by"]) for cell in decided} == {("leader",)}
    for option in ("--stream", "--command"):
        unknown = await shell("law", "matrix", option, "parcels")
        assert (unknown.code, f"{option} must be one of: " in unknown.err) == (2, True)
    shown = (await shell("law", "matrix", "--stream", "parcel")).out
    assert shown.splitlines()[0].split() == ["Stream", "State", "Command", "Role", "Becomes", "In", "force", "Repealed"]
    assert len(shown.splitlines()) == 1 + sum(cell["stream"] == "parcel" for cell in every)


def test_it_is_asked_for_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("docs.tools.law.matrix.matrix", law)
    monkeypatch.setattr(sys, "argv", ["docs.tools.law", "--json"])
    runpy.run_module("docs.tools.law", run_name="__main__")
    said = json.loads(capsys.readouterr().out)
    assert len(said["rows"]) == len(law().rows)
    place = ("a step to decide, claimed", "leader", "decide")
    [decided] = [row for row in said["rows"] if (row["situation"], row["role"], row["command"]) == place]
    assert (decided["allowed"], decided["becomes"]) == (True, [4])
    assert (decided["article"], decided["repealed"]) == ("NĐ 118/2025 (unread)", "NĐ 61/2018 Đ19 k8")
    [returned] = [change for change in said["transitions"] if (change["before"], change["after"]) == (9, 10)]
    assert (returned["law"], returned["reason"]) == (KNOWN[9, 10], None)
