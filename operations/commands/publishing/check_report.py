"""What `motcua procedures check` found: mistakes first, then what is stale or unconfirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.markup import escape

from motcua.cli.running import out, print_json
from operations.commands.publishing.mistakes import Language, mistake_row, print_mistakes
from operations.publishing.procedure_file import Doubted
from rules.publishing.facts import Doubt
from rules.publishing.mistakes import Mistake

_DOUBTS = {
    Doubt.STALE: {"vi": "đã kiểm tra hơn một năm trước", "en": "checked more than a year ago"},
    Doubt.UNCONFIRMED: {"vi": "chưa được nguồn nào xác nhận", "en": "confirmed by no source"},
}


class Look(NamedTuple):
    """A file, its mistakes, and its facts that are to be looked at again."""

    path: Path
    mistakes: list[Mistake]
    doubted: list[Doubted]


def print_looks(looks: Sequence[Look], lang: Language, *, quiet: bool) -> None:
    """One line for each mistake of all files, then one for each doubtful fact unless `quiet`, then for each file."""
    print_mistakes([(look.path, entry) for look in looks for entry in look.mistakes], lang)
    for look in looks if not quiet else ():
        for path, doubt, line in look.doubted:
            place = escape(f"{look.path}:{line}")
            out().print(f"[yellow]{place}[/] [bold]{escape(path)}[/] {_DOUBTS[doubt][lang.value]} [dim]({doubt})[/]")
    for look in looks:
        if not look.mistakes:
            counts = Counter(doubted.doubt for doubted in look.doubted)
            summary = ", ".join(f"{counts[doubt]} {doubt}" for doubt in Doubt if counts[doubt])
            out().print(f"[green]ok[/] {escape(str(look.path))} [dim]{summary}[/]".rstrip())


def print_looks_as_json(looks: Sequence[Look]) -> None:
    """`mistakes`, `stale` and `unconfirmed`, each a list over all files."""
    groups: dict[str, list[dict[str, Any]]] = {"mistakes": [], **{doubt.value: [] for doubt in Doubt}}
    for look in looks:
        groups["mistakes"] += [mistake_row(look.path, entry) for entry in look.mistakes]
        for path, doubt, line in look.doubted:
            groups[doubt].append({"file": str(look.path), "path": path, "line": line})
    print_json(groups)
