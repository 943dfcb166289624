"""Many cases in one test: at its end it names all failed cases, and a wrong number of cases.

`@walked` replaces `@pytest.mark.parametrize`, also several times; a case is one call of the test. All cases share their
fixtures: a case must undo its own changes to them.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

Test = Callable[..., Any]
MISSES: Final = (Exception, pytest.fail.Exception, pytest.skip.Exception)
"""The exceptions that fail one case, but not the walk. A skipped case fails too: otherwise nobody would notice it."""
LINES: Final = 6
"""Lines shown for each failed case; pytest shows the first one in full."""


def walked(
    names: str | tuple[str, ...],
    cases: Iterable[Any] | Callable[[], Iterable[Any]],
    *,
    ids: Callable[[Any], str] | Iterable[str] | None = None,
    exactly: int | None = None,
    at_least: int | None = None,
    parts: int = 1,
) -> Callable[[Test], Test]:
    """Makes one test of a function that tests one case. `names`, `cases` and `ids` are used as in `parametrize`.

    If the cases take time to make, `cases` is a function: it is called when the test runs, since every process collects
    every test.

    The test also fails unless there are `exactly` this many cases, or `at_least` this many if the code determines them.
    `parts`, for the outermost `@walked` only, splits the test into this many tests, each with a share of the cases, so
    that several processes can run them.
    """
    arguments = (names,) if isinstance(names, str) else names

    @functools.cache
    def every() -> list[tuple[str, dict[str, Any]]]:
        made = cases if isinstance(cases, Iterable) else cases()
        rows = [(case,) if isinstance(names, str) else tuple(case) for case in made]
        return [
            (name, dict(zip(arguments, row, strict=True))) for name, row in zip(_names(rows, ids), rows, strict=True)
        ]

    def of(test: Test) -> Test:
        @functools.wraps(test)
        def walk(walked_part: int = 0, **fixtures: Any) -> None:
            __tracebackhide__ = True
            with _walk(len(every()), _wrong(len(every()), exactly, at_least)) as missed:
                for name, case in every()[walked_part::parts]:
                    with _case(name, missed):
                        test(**fixtures, **case)

        @functools.wraps(test)
        async def walk_waiting(walked_part: int = 0, **fixtures: Any) -> None:
            __tracebackhide__ = True
            with _walk(len(every()), _wrong(len(every()), exactly, at_least)) as missed:
                for name, case in every()[walked_part::parts]:
                    with _case(name, missed):
                        await test(**fixtures, **case)

        made: Any = walk_waiting if inspect.iscoroutinefunction(test) else walk
        fixtures = [one for one in inspect.signature(test).parameters.values() if one.name not in arguments]
        if parts > 1:
            fixtures.append(inspect.Parameter("walked_part", inspect.Parameter.KEYWORD_ONLY))
            made = pytest.mark.parametrize("walked_part", range(parts))(made)
        made.__signature__ = inspect.Signature(fixtures)
        return made  # type: ignore[no-any-return]

    return of


def _wrong(cases: int, exactly: int | None, at_least: int | None) -> list[str]:
    """Returns the problem with the number of cases; an empty list if the number is right."""
    if at_least is not None:
        return [f"{cases} cases instead of at least {at_least}"] if cases < at_least else []
    return [f"{cases} cases instead of {exactly}"] if cases != exactly else []


def _names(rows: list[tuple[Any, ...]], ids: Callable[[Any], str] | Iterable[str] | None) -> list[str]:
    if ids is None or callable(ids):
        return ["-".join(map(ids or _id, row)) for row in rows]
    return list(ids)


def _id(value: Any) -> str:
    text = value if isinstance(value, str) and value.isprintable() else getattr(value, "__name__", repr(value))
    return text if len(text) < 100 else f"{text[:100]}…"


@contextmanager
def _case(name: str, missed: list[tuple[str, BaseException]]) -> Iterator[None]:
    try:
        yield
    except MISSES as miss:
        missed.append((name, miss))


@contextmanager
def _walk(cases: int, wrong: list[str]) -> Iterator[list[tuple[str, BaseException]]]:
    __tracebackhide__ = True
    missed: list[tuple[str, BaseException]] = []
    yield missed
    if missed:
        lines = [*wrong, f"{len(missed)} of {cases} missed", *(f"{name}: {_text_of(miss)}" for name, miss in missed)]
        raise AssertionError("\n".join(lines)) from missed[0][1]
    assert not wrong, wrong[0]


def _text_of(miss: BaseException) -> str:
    lines = (f"{type(miss).__name__} " if not isinstance(miss, AssertionError) else "") + str(miss)
    return "\n    ".join(lines.splitlines()[:LINES])
