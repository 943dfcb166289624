"""How the house is laid out: few files in a folder, few namesakes, small additions; no test imports a test."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conftest import ROOT
from tests.walking import walked


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Every name that a file imports, with all that it lies in, and the line on which it does."""
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
    *("status.py", "tells.py", "view.py"),
}
"""Files that the package of every kind of stream has, or any package."""
NO_PRODUCT: Final = {"benchmarks", "demo", "sandbox"}


def product(*but: str) -> list[Path]:
    return [file for room in ROOMS if room not in but for file in sorted((ROOT / room).rglob("*.py"))]


def test_no_folder_of_product_python_is_wider_than_sixteen_files() -> None:
    width = Counter(file.parent.relative_to(ROOT).as_posix() for file in product())
    assert len(width) > 80
    assert {folder: files for folder, files in width.items() if files > WIDEST} == {}


def test_a_file_name_has_few_namesakes() -> None:
    names = Counter(file.name for file in product(*NO_PRODUCT) if file.name not in OF_EVERY_KIND)
    assert len(names) > 400
    assert {name: times for name, times in names.items() if times > NAMESAKES} == {}


def test_the_lists_of_rooms_miss_no_folder() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    rooms = set(ROOMS)
    assert set(settings["importlinter"]["root_packages"]) == rooms
    assert set(settings["mypy"]["files"]) == rooms | {"docs", "tests"}
    assert set(settings["ruff"]["lint"]["isort"]["known-first-party"]) == rooms | {"docs"}
    assert set(settings["hatch"]["build"]["targets"]["wheel"]["packages"]) == rooms - {"benchmarks"}
    contracts = {contract["name"]: contract for contract in settings["importlinter"]["contracts"]}
    layers = contracts["arrows between rooms point one way"]["layers"]
    assert {room for layer in layers for room in layer.split(" | ")} == rooms
    assert set(contracts["no circles inside a room"]["ancestors"]) == rooms
    assert set(contracts["the verifiers trust none of our code"]["forbidden_modules"]) == rooms - {"verifier"}
    [gateway] = [contract for name, contract in contracts.items() if name.startswith("the gateway takes")]
    of_activities = {f"activities.{path.stem}" for path in (ROOT / "activities").iterdir() if path.stem[0] != "_"}
    taken = {f"activities.{name}" for name in ("ledger", "partners", "support")}
    assert {"workflows", *of_activities} - taken <= set(gateway["forbidden_modules"])


@walked(
    ("names", "most"),
    [
        ("Inspected|inspected", 4),  # an event
        (r"AskAgency|AgencySummary|public\.agency|Questions\.agency", 5),  # a question
        (r'VnPay\w*|vnpay_api|"vnpay"', 5),  # a provider of money
        ("CHARGE_RECEIPT|charge_receipt", 6),  # an official paper
        ("ShowDraft|show_draft", 6),  # a command
    ],
    exactly=5,
)
def test_an_addition_touches_few_files(names: str, most: int) -> None:
    """Shown by one of each that is there, with all of its own names; the words of both languages are one file."""
    pattern = re.compile(rf"(?<!\w)({names})(?!\w)")
    files = [file for file in product(*NO_PRODUCT) if pattern.search(file.read_text(encoding="utf-8"))]
    assert 1 < len(files) <= most, files
