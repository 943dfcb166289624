"""Finds the changes of one line that no test detects: `make mutants`, or `ARGS='rules/time'` for one package.

The mutators are those of mutmut, the runner is our own: mutmut's runner changes no decorated function (`@workflow.run`,
`@activity.defn`, `@asynccontextmanager`), wraps functions in code that Temporal's sandbox imports anew, and can't draw
a sample. cosmic-ray is not used: it writes each mutant into the tree, makes eleven mutants of every `+` and some of
every `X | None`, but none of an argument or a string.

A run may be interrupted and started again: its verdicts are kept in `.motcua/mutants`. A mutant that survived is tried
again once tests have changed, a killed one only after that folder is deleted.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic
from typing import Any, Final

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from tests.mutation.mutants import Mutant, mutated, sampled
from tests.mutation.trial import ROOT, Touched, measure, run

SEED: Final = 11
MOST: Final = 1000
AT_ONCE: Final = 2


@dataclass(frozen=True)
class Package:
    """A mutated package, the tests that guard it, and whether they need PostgreSQL and Temporal.

    `without`: the tests among them that take too long to run for each mutant.
    """

    path: str
    guards: tuple[str, ...]
    stack: bool = False
    without: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return ROOT / ".motcua" / "mutants" / self.path.replace("/", "-")


_LEDGER: Final = "tests/integration/record/test_ledger.py"
PACKAGES: Final = (
    Package(
        "rules/filing",
        (
            *("tests/contract", "tests/unit/complaint", "tests/unit/filing", "tests/unit/forms", "tests/unit/papers"),
            *("tests/unit/publishing", "tests/unit/test_event_rows.py", "tests/unit/test_streams.py"),
        ),
    ),
    Package("rules/time", ("tests/unit/time", "tests/unit/filing", "tests/unit/publishing")),
    Package(
        "workflows/stream",
        (
            "tests/unit/stream",
            "tests/unit/test_streams.py",
            "tests/replay/test_golden.py",
            "tests/workflow/test_bad_input.py",
            "tests/workflow/test_branches.py",
            "tests/workflow/test_provinces.py",
            "tests/integration/record/test_new_kind.py",
        ),
        stack=True,
    ),
    Package(
        "activities/ledger",
        (
            "tests/unit/test_processes.py",
            "tests/unit/test_event_rows.py",
            "tests/integration/record/test_append.py",
            "tests/integration/record/test_making_way.py",
            _LEDGER,
            "tests/integration/record/test_new_kind.py",
            "tests/integration/record/test_reserving.py",
            "tests/integration/record/test_rows.py",
            "tests/integration/record/test_rebuild.py",
            "tests/workflow/test_branches.py",
        ),
        stack=True,
        without=(
            f"{_LEDGER}::test_the_record_verifies_and_whatever_a_superuser_changes_in_it_is_named",
            f"{_LEDGER}::test_the_record_the_engine_and_the_logs_give_nobody_away",
        ),
    ),
)
_LOADED_ONCE: Final = (
    *("asyncpg", "cryptography.hazmat.primitives.ciphers.aead", "httpx", "obstore.store", "pydantic_settings"),
    *("rfc8785", "rich.progress", "schemas", "starlette.applications", "structlog", "temporalio.contrib.pydantic"),
    *("temporalio.testing", "temporalio.worker", "typer", "uvicorn", "yaml"),
)
"""Modules that every trial imports and no mutant changes: the process from which trials fork has imported them."""


class EndedFromOutsideError(Exception):
    """Something else ended a trial before its verdict on the mutant. The next run of `make mutants` continues."""


@dataclass
class Trial:
    mutant: Mutant
    process: BaseProcess
    answer: Connection
    until: float

    def verdict(self) -> dict[str, Any] | None:
        """Returns the verdict, or None while the trial runs. Raises `EndedFromOutsideError`."""
        if self.process.is_alive() and not self.answer.poll():
            if monotonic() < self.until:
                return None
            self.end()
            return {"verdict": "killed", "by": "time"}
        try:
            failed = self.answer.recv()
        except EOFError:
            self.process.join()
            if self.process.exitcode == -signal.SIGTERM:
                raise EndedFromOutsideError from None
            failed = f"exit {self.process.exitcode}"
        self.process.join(2)
        if self.process.is_alive():  # after a failure it may never end
            self.end()
        return {"verdict": "survived"} if failed is None else {"verdict": "killed", "by": failed}

    def end(self) -> None:
        """Kills the trial, with the processes that its tests have started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.ident or 0, signal.SIGKILL)
        self.process.join()


class Session:
    """One package: the verdicts on its mutants, and the mutants still to try."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.files = sorted((ROOT / package.path).rglob("*.py"))
        self.sample = sampled(self.files, ROOT, SEED, MOST)
        self.tests = _digest((ROOT / "tests").rglob("*.py"))
        self.verdicts = self._known()
        package.folder.mkdir(parents=True, exist_ok=True)

    @property
    def untried(self) -> list[Mutant]:
        known = self.verdicts
        return [
            mutant
            for mutant in self.sample
            if mutant.key not in known
            or (known[mutant.key]["verdict"] != "killed" and known[mutant.key]["tests"] != self.tests)
        ]

    def killers(self, mutant: Mutant) -> set[str]:
        """Returns the tests that have killed other mutants of the same function."""
        told = [self.verdicts.get(other.key, {}) for other in self.sample if other.place == mutant.place]
        return {one["by"] for one in told if "by" in one}

    def keep(self, mutant: Mutant, verdict: dict[str, Any]) -> None:
        told = {"key": mutant.key, "tests": self.tests} | verdict
        self.verdicts[mutant.key] = told
        with self._file.open("a") as file:
            file.write(json.dumps(told) + "\n")

    def guards(self, stack: Mapping[str, str] | None) -> Guards:
        """Returns the tests by the lines that they touch, measured once for each state of code and tests."""
        file = self.package.folder / f"guards-{_digest([*self.files, *(ROOT / 'tests').rglob('*.py')])}.json"
        if not file.exists():
            receiver, sender = _FORK.Pipe(duplex=False)
            guards = [*self.package.guards, *(f"--deselect={test}" for test in self.package.without)]
            asked = (sender, self.package.path, guards, stack, self.package.folder / "measure.log")
            process = _FORK.Process(target=measure, args=asked)
            process.start()
            sender.close()
            try:
                file.write_text(json.dumps(receiver.recv()))
            finally:
                process.terminate()
                process.join()
        told = json.loads(file.read_text())
        lines = {path: {int(line): tests for line, tests in of.items()} for path, of in told["touched"].items()}
        return Guards(told["seconds"], lines)

    def report(self) -> str:
        tried = [(mutant, self.verdicts[mutant.key]) for mutant in self.sample if mutant.key in self.verdicts]
        survived = [mutant for mutant, told in tried if told["verdict"] != "killed"]
        killed = len(tried) - len(survived)
        share = f"{killed / len(tried):.1%}" if tried else "nothing"
        lines = [
            f"# {self.package.path}: {share} killed",
            "",
            f"{len(tried)} of a sample of {len(self.sample)} tried (seed {SEED}), {len(survived)} survived.",
            "",
            "| File | Tried | Survived |",
            "|---|---|---|",
        ]
        of, left = Counter(mutant.path for mutant, _ in tried), Counter(mutant.path for mutant in survived)
        lines += [f"| {path} | {of[path]} | {left[path]} |" for path in sorted(of)]
        for mutant in sorted(survived, key=lambda one: (one.path, one.line)):
            lines += ["", f"{mutant.path}:{mutant.line} {mutant.scope} ({mutant.key})", "```diff"]
            lines += [f"-{line}" for line in mutant.before.splitlines()]
            lines += [f"+{line}" for line in mutant.after.splitlines()] + ["```"]
        return "\n".join(lines) + "\n"

    @property
    def _file(self) -> Path:
        return self.package.folder / "verdicts.jsonl"

    def _known(self) -> dict[str, dict[str, Any]]:
        if not self._file.exists():
            return {}
        return {told["key"]: told for told in map(json.loads, self._file.read_text().splitlines())}


@dataclass(frozen=True)
class Guards:
    """The duration of each test in seconds, and the lines that it executes."""

    seconds: dict[str, float]
    touched: Touched

    def of(self, mutant: Mutant, likely: Collection[str] = ()) -> dict[str, float]:
        """Returns the tests that enter the mutant's function, with their seconds, the quickest first.

        A test `likely` to fail is sorted as if it were five times as quick. For a mutant outside functions: the tests
        of its file, and those that touch no line of the package, since they may read a constant. For code that runs
        only at import: all tests.
        """
        of_file = self.touched.get(mutant.path, {})
        span = _function(ROOT / mutant.path, mutant.line)
        tests = {test for line, tests in of_file.items() if span is None or line in span for test in tests}
        if tests and span is None:
            tests |= self.seconds.keys() - {test for of in self.touched.values() for one in of.values() for test in one}
        order = sorted(tests or self.seconds, key=lambda test: (self.seconds[test] / (1 + 4 * (test in likely)), test))
        return {test: self.seconds[test] for test in order}


def _function(path: Path, line: int) -> range | None:
    """Returns the body lines of the outermost function around a line; None if no function is there, or a cached one."""
    found = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if not found:
        return None
    outermost = min(found, key=lambda node: node.lineno)
    if any(ast.unparse(decorator) in {"cache", "lru_cache"} for decorator in outermost.decorator_list):
        return None
    return range(outermost.body[0].lineno, (outermost.end_lineno or 0) + 1)


def _digest(files: Any) -> str:
    said = hashlib.sha256()
    for file in sorted(files):
        said.update(file.read_bytes())
    return said.hexdigest()[:16]


_FORK: Final = get_context("fork")


def _start(mutant: Mutant, tests: Mapping[str, float], stack: Mapping[str, str] | None, log: Path) -> Trial:
    receiver, sender = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=run, args=(sender, mutant.path, mutated(mutant, ROOT), tests, stack, log))
    process.start()
    sender.close()
    return Trial(mutant, process, receiver, monotonic() + 60 + 5 * sum(tests.values()))


def _try_all(session: Session, stack: Mapping[str, str] | None, told: Callable[[], None]) -> None:
    """Tries the mutants without a verdict, some at once, in the order of the sample."""
    waiting, guards = iter(session.untried), session.guards(stack)
    running: list[Trial] = []
    try:
        while True:
            while len(running) < AT_ONCE and (mutant := next(waiting, None)) is not None:
                tests = guards.of(mutant, session.killers(mutant))
                running.append(_start(mutant, tests, stack, session.package.folder / f"trial-{mutant.key}.log"))
            if not running:
                return
            wait([trial.answer for trial in running], timeout=1)
            for trial in list(running):
                if (verdict := trial.verdict()) is not None:
                    running.remove(trial)
                    session.keep(trial.mutant, verdict)
                    (session.package.folder / f"trial-{trial.mutant.key}.log").unlink(missing_ok=True)
                    told()
    finally:
        for trial in running:
            trial.end()


@contextmanager
def _stack() -> Iterator[Mapping[str, str]]:
    command = [sys.executable, "-m", "tests.mutation.stack"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=", ".join(one.path for one in PACKAGES))
    asked = parser.parse_args().packages or [one.path for one in PACKAGES]
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no trial outlives this process
    for module in _LOADED_ONCE:
        importlib.import_module(module)
    console = Console()
    for package in (one for one in PACKAGES if one.path in asked):
        session = Session(package)
        columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
        try:
            with Progress(*columns, console=console) as progress:
                bar = progress.add_task(package.path, total=len(session.untried))
                if not package.stack:
                    _try_all(session, None, lambda bar=bar: progress.advance(bar))  # type: ignore[misc]
                else:
                    with _stack() as stack:
                        _try_all(session, stack, lambda bar=bar: progress.advance(bar))  # type: ignore[misc]
        finally:
            (package.folder / "report.md").write_text(session.report())
            console.print(session.report().splitlines()[0], f"({package.folder / 'report.md'})", sep=" ")


if __name__ == "__main__":
    main()
