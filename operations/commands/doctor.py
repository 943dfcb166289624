"""`motcua doctor`: missing or unhealthy parts, and how to repair each."""

from typing import Final

import typer

from motcua.cli.answer import Column, Marked, columns, show_all
from motcua.cli.options import AsJson
from motcua.cli.running import exit_if, plain
from operations.doctor.check import Health
from operations.doctor.examination import examine
from schemas.translate import said

STYLES: Final = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red", Health.SKIPPED: "dim"}

app = typer.Typer()


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    found = examine()
    failed = sum(finding.health is Health.FAIL for _, finding in found)
    findings = [
        {"check": check.name, "health": one.health, "what": plain(one.what), "fix": one.fix and plain(one.fix)}
        for check, one in found
    ]
    sums = said("command.doctor.failed", failed=failed) if failed else said("command.doctor.well")
    show_all(found, _FOUND, sums, as_json=as_json, data={"healthy": not failed, "findings": findings})
    exit_if(failed)


_FOUND: Final = columns(
    Column("state", "1.health", lambda health: Marked(health.value, STYLES[health])),
    "looked_at:0.title found:1.what mend:1.fix",
)
