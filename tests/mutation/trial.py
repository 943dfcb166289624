"""Runs tests in a process of their own without stored state: on the unchanged code, or on one mutant.

A mutant is applied at import. No file is written, so none can be left changed. A worker that a test starts as another
process runs the unchanged code, so such tests detect no mutant here.
"""

import os
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType
from typing import Any, Final

import coverage
import hypothesis
import pytest

ROOT: Final = Path(__file__).parents[2]
Touched = dict[str, dict[int, list[str]]]
"""The tests that touch a line, by file and line."""


class Chosen:
    """A pytest plugin: runs tests in the given order, on the running stack if any, and keeps the first failed test.

    `tests` has the seconds of each: a test that takes very much longer has failed.
    """

    def __init__(
        self, tests: Mapping[str, float], stack: Mapping[str, str] | None, told: Callable[[str], None] = lambda _: None
    ) -> None:
        self.failed: str | None = None
        self._told = told
        self._tests = tests
        self._place = {test: place for place, test in enumerate(tests)}
        self._stack = stack

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._place:
            chosen = [item for item in items if item.nodeid in self._place]
            items[:] = sorted(chosen, key=lambda item: self._place[item.nodeid])
            for item in items:
                item.add_marker(pytest.mark.timeout(15 + 10 * self._tests[item.nodeid]), append=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: Any) -> Any:
        if self._stack is None or fixturedef.argname not in {"stack", "temporal_address"}:
            return None
        given = self._stack if fixturedef.argname == "stack" else self._stack["TEMPORAL_ADDRESS"]
        fixturedef.cached_result = (given, fixturedef.cache_key(request), None)
        return given

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._fail(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._fail(f"{report.nodeid} (import)")

    def _fail(self, test: str) -> None:
        if self.failed is None:
            self.failed = test
            self._told(test)


class Touching(Chosen):
    """A pytest plugin: runs all tests, and measures each one's seconds and the lines of one package that it touches."""

    def __init__(self, package: str, stack: Mapping[str, str] | None) -> None:
        super().__init__({}, stack)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._measured = coverage.Coverage(data_file=None, include=[f"{ROOT}/{package}/*"], config_file=False)
        self._measured.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(item.nodeid)
        result = yield
        self._measured.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        super().pytest_runtest_logreport(report)
        self.seconds[report.nodeid] += report.duration

    def touched(self) -> Touched:
        self._measured.stop()
        data = self._measured.get_data()
        return {
            Path(file).relative_to(ROOT).as_posix(): {
                line: sorted(filter(None, tests)) for line, tests in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }


def measure(answer: Connection, package: str, files: Sequence[str], stack: Mapping[str, str] | None, log: Path) -> None:
    """Sends each test's seconds and touched lines. Raises `RuntimeError` if one fails on the unchanged code."""
    _begin(log)
    plugin = Touching(package, stack)
    if _pytest(files, plugin, stack) != 0:
        raise RuntimeError(f"fails without any mutant: {plugin.failed}; see {log}")
    answer.send({"seconds": dict(plugin.seconds), "touched": plugin.touched()})


def run(
    answer: Connection, path: str, source: str, tests: Mapping[str, float], stack: Mapping[str, str] | None, log: Path
) -> None:
    """Sends the first test that fails if one file has this source, as soon as it fails; None if no test fails.

    Raises `RuntimeError` if no test could be run.
    """
    _begin(log)
    _import_instead(str(ROOT / path), source)
    plugin = Chosen(tests, stack, answer.send)
    code = _pytest(sorted({test.partition("::")[0] for test in tests}), plugin, stack)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise RuntimeError(f"no test was found; see {log}")
    if plugin.failed is None:
        answer.send(None if code == 0 else "before any test")


def _begin(log: Path) -> None:
    """Begins a process group, which can be killed as a whole; its output goes to a file."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with log.open("wb") as said:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(said.fileno(), stream.fileno())
    # The same examples each time, and none stored: a failure on one mutant is no example for the next.
    quick = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True, phases=quick, deadline=None)
    hypothesis.settings.load_profile("mutants")


def _pytest(files: Sequence[str], plugin: Chosen, stack: Mapping[str, str] | None) -> int:
    options = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider"]
    # Pure tests need nothing of what it imports.
    options += ["--noconftest"] if stack is None else []
    return int(pytest.main([*options, *files], plugins=[plugin]))


def _import_instead(path: str, source: str) -> None:
    """Replace the source of a file at every import, also in the workflow sandbox."""
    loaded = [name for name, module in sys.modules.items() if getattr(module, "__file__", None) == path]
    if loaded:
        raise RuntimeError(f"imported before it could be changed: {loaded}")
    as_it_is = SourceFileLoader.get_code
    code = compile(source, path, "exec", dont_inherit=True)

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        return code if self.path == path else as_it_is(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
