"""`motcua doctor`: what is missing or unhealthy, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from motcua.cli.running import AsJson, Exit, out, print_json
from operations.commands.printing import wide
from operations.doctor import Finding, Health, examine
from operations.doctor.examination import Check
from schemas.base import Text

STYLES: Final = {
    Health.OK: "[green]ok[/]",
    Health.WARN: "[yellow]warn[/]",
    Health.FAIL: "[red]fail[/]",
    Health.SKIPPED: "[dim]–[/]",
}

app = typer.Typer()


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Look at this machine and the servers it uses, and say how to mend what is not well; exit 1 if anything fails.

    It changes nothing, ends within 15 seconds, and works with the stack of this folder, with servers that are set by
    MOTCUA_* and TEMPORAL_*, and with nothing running.

    Examples: `motcua doctor`, `motcua doctor --json`
    """
    found = examine()
    failed = sum(finding.health is Health.FAIL for _, finding in found)
    if as_json:
        print_json({"healthy": not failed, "findings": [_plain(check, finding) for check, finding in found]})
    else:
        wide().print(_table(found))
        out().print(f"[red]{failed} lỗi / failed[/]" if failed else "[green]không có lỗi / nothing failed[/]")
    if failed:
        raise typer.Exit(Exit.REFUSED)


def _plain(check: Check, finding: Finding) -> dict[str, Any]:
    fix = finding.fix.model_dump() if finding.fix else None
    return {"check": check.name, "health": finding.health, "what": finding.what.model_dump(), "fix": fix}


def _table(found: Sequence[tuple[Check, Finding]]) -> Table:
    table = Table("", "Xem / Looked at")
    for title in ("Thấy / Found", "Cách sửa / How to mend it"):
        table.add_column(title, overflow="fold")
    for check, finding in found:
        fix = _both(finding.fix) if finding.fix else ""
        table.add_row(STYLES[finding.health], *map(escape, (_both(check.title), _both(finding.what), fix)))
    return table


def _both(text: Text) -> str:
    return text.vi if text.vi == text.en else f"{text.vi} / {text.en}"
