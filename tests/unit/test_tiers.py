"""Each long test runs at every sixth commit, and after each change of its room; each promise has a short test."""

import ast
from collections.abc import Iterator

import pytest

from tests import tiers
from tests.long import LONG, ROOMS, named


def functions(file: str) -> set[str]:
    tree = ast.parse((tiers.TESTS / file).read_text(encoding="utf-8"))
    named = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {name for name in named if name.startswith("test_")}


def test_what_is_named_long_is_there() -> None:
    for file, one in LONG.items():
        for begins in (*one.only, *one.but):
            found = [name for name in functions(file) if named(name, [begins])]
            assert len(found) == 1, f"{file}: {begins} is {found}"
    assert [file for file, one in LONG.items() if one.only and one.but] == []


def test_every_long_file_is_in_one_sixth_and_all_take_about_as_long() -> None:
    sixths = [tiers.sixth(f"{n:x}") for n in range(tiers.SIXTHS)]
    takes = tiers.seconds()
    assert sorted(file for sixth in sixths for file in sixth) == sorted(takes)
    lasts = [sum(takes[file] for file in sixth) for sixth in sixths]
    assert max(lasts) <= min(lasts) + max(takes.values())
    assert tiers.sixth("0F7") == tiers.sixth("f7")
    with pytest.raises(ValueError, match="invalid literal"):
        tiers.sixth("main")


def test_the_rooms_of_each_long_test_are_there() -> None:
    assert [room for rooms in ROOMS.values() for room in rooms if not (tiers.ROOT / room).exists()] == []
    assert {file for file in tiers.seconds() if not any(file.startswith(f"{folder}/") for folder in ROOMS)} == set()


def promises() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yields each promise in the table with its tests: file and function; an empty function means the whole file."""
    page = (tiers.ROOT / "docs" / "technical-description.md").read_text(encoding="utf-8")
    for row in page.partition("| Promise | Proven by |")[2].partition("\n\n")[0].splitlines()[2:]:
        promise, _, proofs = row.strip("| ").partition(" | ")
        named = (one.partition("::") for one in proofs.split("`") if one.startswith("tests/"))
        yield promise, [(file.removeprefix("tests/"), function) for file, _, function in named]


def test_every_promise_has_a_short_proof() -> None:
    def is_short(file: str, function: str) -> bool:
        return not (tiers.is_long(file, function) if function else tiers.is_whole(file))

    listed = dict(promises())
    assert len(listed) >= 45
    assert [promise for promise, proofs in listed.items() if not any(is_short(*one) for one in proofs)] == []
