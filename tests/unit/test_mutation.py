"""`make mutants` changes what may matter, in an order that only its seed decides, and never a file."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.__main__ import EndedFromOutsideError, Guards, Trial
from tests.mutation.mutants import Mutant, mutants, mutated, sampled

SOURCE = '''"""What it is for."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


@cache
def wrong(given: int | None = None) -> Problem | None:
    """Why not."""
    if given is None or given > 7:
        workflow.logger.info("asked", extra={"given": given})
        return problem("given", "too_much", "quá nhiều", "too much")
    return None
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "law.py"
    path.write_text(SOURCE)
    return path


def changes(file: Path) -> set[tuple[str, str]]:
    return {(mutant.before.strip(), mutant.after.strip()) for mutant in mutants(file, file.parent)}


def test_decorated_functions_and_their_rules_are_changed(file: Path) -> None:
    either = ("given is None or given > 7", "given is None and given > 7")
    assert {("> 7", ">= 7"), ("is", "is not"), either, ("7", "8"), ('"too_much"', '"TOO_MUCH"')} <= changes(file)


def test_annotations_logs_and_wording_are_not(file: Path) -> None:
    told = {before for before, _ in changes(file)}
    assert not any(word in before for before in told for word in ("int | None", "TypeVar", "logger"))
    assert not {'"quá nhiều"', '"too much"', '"asked"'} & told


def test_a_mutant_is_its_file_with_one_change_and_the_file_stays(file: Path) -> None:
    [one] = [mutant for mutant in mutants(file, file.parent) if mutant.before.strip() == "> 7"]
    assert (one.path, one.line, one.scope) == ("law.py", 13, "wrong")
    assert mutated(one, file.parent) == SOURCE.replace("given > 7", "given >= 7")
    assert file.read_text() == SOURCE


def test_the_head_of_a_sample_is_a_smaller_sample_and_stays_when_another_function_changes(file: Path) -> None:
    def keys(found: list[Mutant]) -> list[str]:
        return [mutant.key for mutant in found]

    whole = keys(sampled([file], file.parent, 11, 1000))
    assert len(whole) == len(set(whole)) > 10
    assert keys(sampled([file], file.parent, 11, 5)) == whole[:5]
    assert keys(sampled([file], file.parent, 12, 1000)) != whole
    file.write_text(SOURCE + "\n\ndef other() -> int:\n    return 1\n")
    assert [key for key in keys(sampled([file], file.parent, 11, 1000)) if key in whole] == whole


def test_quick_tests_of_the_same_function_go_first_and_what_has_killed_in_it_counts_as_five_times_as_quick(
    file: Path,
) -> None:
    [one] = [mutant for mutant in mutants(file, file.parent) if mutant.before.strip() == "> 7"]
    uncached = replace(one, path=str(file))
    file.write_text(SOURCE.replace("@cache\n", "\n"))
    seconds = {"quick": 1.0, "likely": 4.0, "slow": 6.0, "elsewhere": 0.5, "constants": 0.1}
    touched = {str(file): {13: ["slow", "likely", "quick"], 20: ["elsewhere"]}}
    guards = Guards(seconds, touched)
    assert list(guards.of(uncached, {"likely", "gone"})) == ["likely", "quick", "slow"]
    assert list(guards.of(replace(uncached, line=7), {"slow"})) == ["constants", "elsewhere", "quick", "slow", "likely"]
    assert guards.of(replace(uncached, path=__file__, line=1)) == seconds


class Ended:
    """A process that has ended, and its end of the pipe."""

    def __init__(self, exitcode: int) -> None:
        self.exitcode = exitcode

    def is_alive(self) -> bool:
        return False

    def join(self, seconds: float | None = None) -> None:
        """It is gone."""

    def recv(self) -> None:
        raise EOFError


def test_a_trial_that_somebody_ended_says_nothing_of_its_mutant_and_one_that_broke_kills_it() -> None:
    def trial(exitcode: int) -> Trial:
        process: Any = Ended(exitcode)
        return Trial(Mutant("law.py", 1, "", "a", "b", 0), process, process, 0)

    with pytest.raises(EndedFromOutsideError):
        trial(-signal.SIGTERM).verdict()
    assert trial(-signal.SIGSEGV).verdict() == {"verdict": "killed", "by": "exit -11"}
