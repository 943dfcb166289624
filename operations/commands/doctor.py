"""`motcua doctor`: the missing or faulty parts of a system, and how to repair each.

All checks run at once, each with its own timeout, so that every check has a result.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final

import asyncpg
import typer
from temporalio.service import RPCError

from console.database import APPLICATION
from motcua.cli.answer import Column, Marked, columns, show_all
from motcua.cli.options import AsJson
from motcua.cli.running import exit_if, plain
from operations.doctor import partners
from operations.doctor.certificates import certificates
from operations.doctor.check import ADDRESSES, Finding, Health, Surroundings, fail, shown, skipped
from operations.doctor.drills import drills
from operations.doctor.engine import machine
from operations.doctor.engine import temporal as engine
from operations.doctor.engine.codec import codec, missing_keys, recorded_key
from operations.doctor.identity import identity, principals
from operations.doctor.outage import outage
from operations.doctor.record import tables as record
from operations.doctor.record.erasures import erasures
from operations.doctor.record.events import checkpoints, findings, order
from operations.doctor.record.long_waits import Look, absences, callbacks, nobody, papers, signing, tills, waits
from operations.reconciling import BANK, POST
from schemas.base import Text
from schemas.translate import joined, said

LONGEST: Final = 6.0
"""The seconds that one check may take."""
DEADLINE: Final = 14.0
"""The seconds that all checks may take: first `FIRST`, then `THEN`, which depend on the results of `FIRST`."""


@dataclass(frozen=True)
class Check:
    """A check by `motcua doctor`. The check is skipped if something that it needs is missing.

    `setting`: the name of the setting that the check needs, if any; `record`: whether it needs the database;
    `temporal`: whether it needs Temporal.
    """

    name: str
    look: Look
    setting: str | None = None
    record: bool = False
    temporal: bool = False

    @property
    def title(self) -> Text:
        """The check's name for people."""
        return said(f"doctor_check.{self.name}")


FIRST: Final = (
    Check("python", machine.python),
    Check("programs", machine.programs),
    Check("stack", machine.stack),
    Check("ports", machine.ports),
    Check("disk", machine.disk),
    Check("settings", machine.settings),
    Check("postgres", record.postgres, APPLICATION),
    Check("temporal", engine.temporal),
    Check("codec", codec),
    Check("bank", partial(partners.partner, BANK, said("doctor.partner.bank")), BANK),
    Check("post", partial(partners.partner, POST, said("doctor.partner.post")), POST),
    Check("gateway", partners.gateway, "MOTCUA_GATEWAY_URL"),
    Check("outage", outage),
    Check("objects", partners.objects, "MOTCUA_OBJECTS"),
    Check("signature_roots", partners.roots),
    Check("signer", partners.signer),
    Check("time_stamps", partners.time_stamps, "MOTCUA_TSA_URL"),
    Check("trust", partners.sandbox, "MOTCUA_TRUST_URL"),
    Check("scanner", partners.scanner),
    Check("drills", drills, "MOTCUA_CHECKPOINTS"),
    Check("certificates", certificates),
)
THEN: Final = (
    Check("standby", record.standby, record=True),
    Check("postgres_disk", record.disk, record=True),
    Check("role", record.role, record=True),
    Check("migrations", record.migrations, record=True),
    Check("master_key", record.master_key, "MOTCUA_MASTER_KEY", record=True),
    Check("calendar", record.calendar, record=True),
    Check("read_models", record.read_models, record=True),
    Check("order", order, record=True),
    Check("papers", papers, record=True),
    Check("callbacks", callbacks, record=True),
    Check("outcomes", waits("outcomes", none="doctor.outcomes.none"), record=True),
    Check("signing", signing, record=True),
    Check("unordered_signatures", partners.signatures, "MOTCUA_SIGNER_URL", record=True),
    Check("refunds", waits("refunds", none="doctor.refunds.none"), record=True),
    Check("waits", waits("waits"), record=True),
    Check("acts", partners.acts, record=True),
    Check("findings", findings, record=True),
    Check("tills", tills, record=True),
    Check("identity", identity, record=True),
    Check("principals", principals, record=True),
    Check("publications", record.publications, record=True),
    Check("checkpoints", checkpoints, "MOTCUA_CHECKPOINTS", record=True),
    Check("absences", absences, record=True),
    Check("nobody", nobody, record=True),
    Check("erasures", erasures, record=True),
    Check("clocks", record.clock, record=True),
    Check("codec_record", recorded_key, record=True),
    Check("pollers", engine.pollers, temporal=True),
    Check("builds", engine.builds, record=True, temporal=True),
    Check("lost", engine.lost, record=True, temporal=True),
    Check("behind", engine.falling_behind, record=True, temporal=True),
    Check("machine_work", engine.agencies_work, record=True, temporal=True),
    Check("stalled", engine.standing_still, temporal=True),
    Check("codec_keys", missing_keys, temporal=True),
    Check("healing", engine.heals, temporal=True),
)


def examine() -> list[tuple[Check, Finding]]:
    """Returns each check's findings within 15 s, even if a check hangs."""
    around = Surroundings.here()
    found: dict[str, list[Finding]] = {}

    # A daemon thread, not awaited to its end: a name server that does not answer blocks it for too long.
    looking = threading.Thread(target=lambda: asyncio.run(_all(around, found)), daemon=True)
    looking.start()
    looking.join(DEADLINE)
    late = fail("doctor.late")
    told = dict(found)
    return [(check, one) for check in (*FIRST, *THEN) for one in told.get(check.name, [late])]


async def _all(around: Surroundings, found: dict[str, list[Finding]]) -> None:
    async def one(check: Check) -> None:
        """Stores the check's findings; if it fails, the type of its error without the text, which may quote values."""
        try:
            async with asyncio.timeout(LONGEST):
                found[check.name] = _not_now(check, around) or await check.look(around)
        except asyncpg.UndefinedTableError:
            found[check.name] = [skipped("doctor.no_tables")]
        except TimeoutError:
            found[check.name] = [fail("doctor.silent", seconds=LONGEST)]
        except Exception as error:  # noqa: BLE001 -- one failing check must not end the others
            name = error.status.name if isinstance(error, RPCError) else type(error).__name__
            found[check.name] = [fail("doctor.failed", error=name)]
        if check in FIRST:
            found[check.name] = [_with_address(one, check, around) for one in found[check.name]]

    await asyncio.gather(*map(one, FIRST))
    await asyncio.gather(*map(one, THEN))


def _with_address(one: Finding, check: Check, around: Surroundings) -> Finding:
    """Returns a fault of a server with the server's address; any other finding as it is."""
    if one.health not in {Health.WARN, Health.FAIL} or check.setting not in ADDRESSES:
        return one
    where = shown(check.setting, around.settings.get(check.setting, ""))
    return replace(one, what=said("doctor.at", where=where, found=one.what))


def _not_now(check: Check, around: Surroundings) -> list[Finding]:
    if check.setting is not None and not around.settings.get(check.setting):
        return [skipped("doctor.not_set", setting=check.setting)]
    if check.record and not around.database:
        return [skipped("doctor.no_record")]
    if check.temporal and around.temporal is None:
        return [skipped("doctor.no_temporal")]
    return []


STYLES: Final = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red", Health.SKIPPED: "dim"}

app = typer.Typer()


class Least(StrEnum):
    """The least severe health that is shown: only findings of this or of a worse health are shown."""

    WARN = "warn"
    FAIL = "fail"


@app.command()
def doctor(
    *, only: Annotated[Least | None, typer.Option("--only", help="option.doctor.only")] = None, as_json: AsJson = False
) -> None:
    every = examine()
    failed = sum(finding.health is Health.FAIL for _, finding in every)
    hidden = set[Health]() if only is None else {Health.OK, Health.SKIPPED}
    hidden |= {Health.WARN} if only is Least.FAIL else set()
    found = [(check, one) for check, one in every if one.health not in hidden]
    verdict = verdict_of([one for _, one in every])
    data = {"healthy": not failed, "verdict": plain(verdict), "findings": as_data(found)}
    show_all(found, _FOUND, verdict, as_json=as_json, data=data)
    exit_if(failed)


def as_data(found: Sequence[tuple[Check, Finding]]) -> list[dict[str, Any]]:
    """Returns the findings as JSON, in both languages."""
    return [
        {"check": check.name, "health": one.health, "what": plain(one.what), "fix": one.fix and plain(one.fix)}
        for check, one in found
    ]


def verdict_of(findings: Sequence[Finding]) -> Text:
    """Returns one line about all findings: the numbers of failures and warnings, and the findings' own `verdict`s."""
    count = Counter(one.health for one in findings)
    counts = (("failed", count[Health.FAIL]), ("warned", count[Health.WARN]))
    parts = [said(f"command.doctor.{name}", count=number) for name, number in counts if number]
    parts += [one.verdict for one in findings if one.verdict is not None]
    return joined(parts) if parts else said("command.doctor.well")


_FOUND: Final = columns(
    Column("state", "1.health", lambda health: Marked(health.value, STYLES[health])),
    "looked_at:0.title found:1.what mend:1.fix",
)
