"""The layout of the repository: small folders, narrow pages, few namesakes, small additions, few complex functions."""

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from operations.rebuilding import read_models
from rules.streams import KINDS
from tests.conftest import ROOT
from tests.walking import walked


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Yields the line and the full dotted name of each import in a file."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module or ''}.{alias.name}") for alias in node.names)


def test_no_test_module_is_imported() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for line, name in imported(file)
        if any(part.startswith("test_") for part in name.split("."))
    ]
    assert not found, "\n".join(["what tests share lies in a module beside them, named by its subject", *found])


ROOMS: Final = tuple(
    sorted(folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists() and folder.name != "tests")
)
WIDEST: Final = 16
NAMESAKES: Final = 3
OF_EVERY_KIND: Final = {
    *("__init__.py", "__main__.py", "commands.py", "events.py", "evidence.py", "fold.py", "kind.py", "state.py"),
}
"""Files that any package may have, or that the package of every kind of stream has."""
NO_PRODUCT: Final = {"benchmarks", "demo", "sandbox"}


def product(*but: str) -> list[Path]:
    return [file for room in ROOMS if room not in but for file in sorted((ROOT / room).rglob("*.py"))]


def test_no_folder_is_wider_than_sixteen_files_and_a_name_has_few_namesakes() -> None:
    width = Counter(file.parent.relative_to(ROOT).as_posix() for file in product())
    assert len(width) > 80
    assert {folder: files for folder, files in width.items() if files > WIDEST} == {}
    names = Counter(file.name for file in product(*NO_PRODUCT) if file.name not in OF_EVERY_KIND)
    assert len(names) > 330
    assert {name: times for name, times in names.items() if times > NAMESAKES} == {}


def test_the_lists_of_rooms_miss_no_folder() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    rooms = set(ROOMS)
    assert set(settings["importlinter"]["root_packages"]) == rooms
    assert set(settings["mypy"]["files"]) == rooms | {"docs", "tests"}
    assert set(settings["ruff"]["lint"]["isort"]["known-first-party"]) == rooms | {"docs"}
    assert set(settings["hatch"]["build"]["targets"]["wheel"]["packages"]) == rooms - NO_PRODUCT | {"procedures"}
    contracts = {contract["name"]: contract for contract in settings["importlinter"]["contracts"]}
    layers = contracts["arrows between rooms point one way"]["layers"]
    assert {room for layer in layers for room in layer.split(" | ")} == rooms
    assert set(contracts["no circles inside a room"]["ancestors"]) == rooms
    assert set(contracts["the verifiers trust none of our code"]["forbidden_modules"]) == rooms - {"verifier"}
    [gateway] = [contract for name, contract in contracts.items() if name.startswith("the gateway takes")]
    of_activities = {f"activities.{path.stem}" for path in (ROOT / "activities").iterdir() if path.stem[0] != "_"}
    taken = {f"activities.{name}" for name in ("ledger", "partners", "support")}
    money = (ROOT / "activities" / "partners" / "money").glob("*.py")
    providers = {
        f"activities.partners.money.{path.stem}" for path in money if "MerchantSettings):" in path.read_text("utf-8")
    }
    assert len(providers) == 4
    assert {"workflows", *of_activities, *providers} - taken <= set(gateway["forbidden_modules"])


@walked(
    ("names", "most"),
    [
        ("Inspected|inspected", 4),  # an event
        (r"AskAgency|AgencySummary|public\.agency|Questions\.agency", 5),  # a question
        (r'VnPay\w*|"vnpay"', 5),  # a provider of money
        ("CHARGE_RECEIPT|charge_receipt", 6),  # an official paper
        ("ShowDraft|show_draft", 6),  # a command
    ],
    exactly=5,
)
def test_an_addition_touches_few_files(names: str, most: int) -> None:
    """Each row is an existing addition, with all its names; the catalogues of both languages count as one file."""
    pattern = re.compile(rf"(?<!\w)({names})(?!\w)")
    files = [file for file in product(*NO_PRODUCT) if pattern.search(file.read_text(encoding="utf-8"))]
    assert 1 < len(files) <= most, files


Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

MOST: Final = 10
"""The highest cyclomatic complexity (McCabe's, as radon counts it) of a function that is not complex."""
CEILING: Final = 50
"""The allowed number of functions above `MOST`. It may only fall: lower it when such a function is made simpler."""


BRANCHES: Final[dict[type[ast.AST], Callable[[Any], int]]] = {
    ast.If: lambda _: 1,
    ast.IfExp: lambda _: 1,
    ast.Assert: lambda _: 1,
    ast.For: lambda node: 1 + bool(node.orelse),
    ast.AsyncFor: lambda node: 1 + bool(node.orelse),
    ast.While: lambda node: 1 + bool(node.orelse),
    ast.Try: lambda node: len(node.handlers) + bool(node.orelse),
    ast.BoolOp: lambda node: len(node.values) - 1,
    ast.comprehension: lambda node: 1 + len(node.ifs),
    ast.Match: lambda node: (
        len(node.cases)
        - any(isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None for case in node.cases)
    ),
}


def complexity(function: Function) -> int:
    """Returns the cyclomatic complexity of a function, without nested functions and classes."""
    return 1 + sum(BRANCHES[type(node)](node) for node in within(function.body) if type(node) in BRANCHES)


def within(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yields these nodes and all nodes inside them, but enters no functions and classes."""
    for node in nodes:
        if not isinstance(node, Function | ast.ClassDef):
            yield node
            yield from within(ast.iter_child_nodes(node))


def test_no_more_functions_are_complex_than_were() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}: {complexity(node)}"
        for file in product()
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, Function) and complexity(node) > MOST
    ]
    assert len(found) <= CEILING, "\n".join([f"{len(found)} functions are complex, {CEILING} were", *found])


PAGES: Final = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
PROSE: Final = 130
CELL: Final = 160
CODE: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
UNREAD: Final = re.compile(r"\]\([^)]*\)|`tests/[^`]*`")
"""The parts of a cell that can't be broken and are no words: the address of a link, the name of a test."""


def too_wide(page: Path) -> Iterator[str]:
    """Yields place and width of every line of prose and every table cell that is too wide; code may have any width."""
    text = CODE.sub(lambda code: "\n" * code[0].count("\n"), page.read_text("utf-8"))
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("|"):
            cells = (UNREAD.sub("", cell.strip()) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))
            yield from (f"{number}: a cell of {len(cell)}" for cell in cells if len(cell) > CELL)
        elif len(line) > PROSE and " " in line.strip():
            yield f"{number}: a line of {len(line)}"


@walked("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)), at_least=50)
def test_no_line_and_no_cell_is_too_wide(page: Path) -> None:
    assert list(too_wide(page)) == []


MAY: Final = (
    *("views", "activities/ledger", "recovery", "publishing", "operations", "verifier", "deploy/migrations"),
    *("tests", "benchmarks"),
)
READ_MODELS: Final = frozenset(read_models(KINDS))
NAMED: Final = re.compile(
    rf'\b(?:from|join|into|update|table|only)\s+(?:only\s+|if\s+exists\s+)*(?:public\.)?"?({"|".join(READ_MODELS)})\b',
    re.IGNORECASE,
)


def sources(under: Path = ROOT) -> list[Path]:
    """Returns the Python files in this folder, without installed packages."""
    return [
        file for file in sorted(under.rglob("*.py")) if not any(part[0] == "." for part in file.relative_to(ROOT).parts)
    ]


def texts(tree: ast.AST) -> Iterator[str]:
    """Yields every string of a program; values in an f-string are shown as `{}`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def named_in(program: str) -> set[str]:
    """Returns the read models that the SQL of a program names."""
    return {name.lower() for text in texts(ast.parse(program)) for name in NAMED.findall(text)}


def test_nobody_else_names_a_read_model_in_sql() -> None:
    others = [file for file in sources() if not any(file.is_relative_to(ROOT / room) for room in MAY)]
    assert {file.relative_to(ROOT).parts[0] for file in others} >= {"motcua", "workflows", "rules", "schemas", "deploy"}
    found = {str(file.relative_to(ROOT)): named_in(file.read_text(encoding="utf-8")) for file in others}
    assert {file: names for file, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("q = 'select *\\nFROM\\n  filing f'", {"filing"}),
        ("q = f'select {x} from public.task where {y}'", {"task"}),
        ("q = 'select 1 from event ' 'join payment using (stream)'", {"payment"}),
        ("q = 'update filing set seq = 1; drop table if exists \"task\"'", {"filing", "task"}),
        ("q = 'select * from filing_key, event where stream = 1 or filing = 2'", set()),
        ("x = filing  # select * from filing", set()),
    ],
)
def test_sql_is_seen_in_every_form(program: str, names: set[str]) -> None:
    assert named_in(program) == names


def modules_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_views_import_nothing_that_could_open_what_is_sealed() -> None:
    files = sources(ROOT / "views")
    modules = {name for file in files for name in modules_of(ast.parse(file.read_text(encoding="utf-8")))}
    rooms = {name.partition(".")[0] for name in modules}
    assert rooms - sys.stdlib_module_names == {"asyncpg", "pydantic_core", "rules", "schemas", "views"}


# A walk misses nothing of what a test for each case would have seen.


@walked("n", range(6), exactly=6)
def _walk(n: int, way: str) -> None:
    if n == 1:
        assert way == "good"
    if n == 2 and way == "bad":
        with pytest.raises(ValueError, match="nobody"):
            int("2")
    if n == 3 and way == "bad":
        pytest.skip("left out")
    if n == 4 and way == "bad":
        raise KeyError(n)
    assert n != 5 or way == "good", "the last"


def test_every_miss_is_named_whatever_it_is() -> None:
    _walk(way="good")
    with pytest.raises(AssertionError, match=r"^5 of 6 missed\n") as missed:
        _walk(way="bad")
    lines = [line for line in str(missed.value).splitlines()[1:] if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in lines] == ["1", "2", "3", "4", "5"]
    assert "the last" in lines[-1]
    assert isinstance(missed.value.__cause__, AssertionError)


@pytest.mark.parametrize("count", [{"exactly": 2}, {"exactly": 4}, {"at_least": 4}, {}], ids=repr)
def test_a_table_that_has_lost_cases_is_no_walk(count: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"^3 cases instead of "):
        walked("n", range(3), **count)(lambda n: n)()


@walked("n", range(7), exactly=7, parts=3, ids=str)
def test_a_walk_in_parts_is_so_many_tests(n: int, request: pytest.FixtureRequest) -> None:
    assert request.node.callspec.params["walked_part"] == n % 3
