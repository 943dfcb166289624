"""The integrators' page, run as it stands: a filing with Temporal's own client and JSON, where nothing of ours is."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from temporalio import workflow

from publishing.authoring import procedures
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import STATUS_NAMES
from schemas.filing.submission import Submission
from schemas.identity.statement import Assurance, Claim
from schemas.ids import NAMESPACE, TASK_QUEUE, filing_id
from schemas.parcel.commands import PARCEL_COMMANDS
from schemas.referral.commands import REFERRAL_COMMANDS
from tests.conftest import ROOT, World
from tests.integration.kit.plain_client import PAGE, run
from tests.locked import locked, now_in_force, register
from tests.speaking import grant, principal, raw_key
from workflows.filing import FilingWorkflow
from workflows.view import ViewWorkflow


async def test_the_program_of_the_page_files_decides_and_reads(running: World, tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    folder = tmp_path / "empty"
    folder.mkdir()
    await procedures.publish(running.owner_dsn, ROOT / "procedures" / "2.000635@2026-12.yaml")
    refused, missing, code, end = (await run(program, folder, running)).splitlines()
    assert refused.startswith("bad_submission form.person_name field_required")
    assert missing.startswith("bad_submission form.copies field_required")
    filing = filing_id("portal-1", "S-0001")
    async with running.connection() as connection:
        row = await connection.fetchrow("select code, status, level, outcome from filing where filing_id = $1", filing)
    assert row is not None
    assert tuple(row) == (code, 10, 3, "delivered")
    result = await running.client.result(filing)
    assert end == f"10 Result returned approved {result.result.sha256}"
    again = ["these ids stand for another submission", code, end]
    assert (await run(program, folder, running)).splitlines() == again, "run again, it finds what it did"


async def test_the_program_of_the_page_signs_where_identity_is_required(world: World, tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    folder = tmp_path / "empty"
    folder.mkdir()
    key = tmp_path / "key.pem"
    key.write_bytes(raw_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    speaks = {"MOTCUA_IDENTITY_PRINCIPAL": "portal-p", "MOTCUA_IDENTITY_KEY_FILE": str(key)}
    low = {"least": Assurance.LOW}
    portal = principal("portal-p", grant(Claim.OWN, **low), grant(Claim.OFFICERS, "*", **low), keys=(now_in_force(1),))
    await procedures.publish(world.owner_dsn, ROOT / "procedures" / "2.000635@2026-12.yaml")
    await register(world, portal)
    async with locked(world) as closed, closed.back_office():
        *_, end = (await run(program, folder, closed, **speaks)).splitlines()
    assert end.startswith("10 Result returned approved ")


async def test_the_program_of_the_page_fits_its_types(tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "program.py").write_text(program)
    checking = (sys.executable, "-m", "mypy", "--strict", "program.py")  # no configuration, and so no plugin
    process = await asyncio.create_subprocess_exec(*checking, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(100):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def rows(heading: str) -> list[str]:
    """The first cells of the tables under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [name for line in section.splitlines() if line.startswith("| `") for name in named(line.split("|")[1])]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_page_names_what_there_is() -> None:
    given = (*cm.PUBLIC_COMMANDS, *PARCEL_COMMANDS, *REFERRAL_COMMANDS)
    commands = {model.model_fields["kind"].default for model in given}
    assert set(rows("Commands")) == commands | (set(cm.Command.model_fields) - {"kind"})
    assert set(rows("Refusals")) == set(RefusalCode)
    assert set(rows("Filing")) == set(Submission.model_fields)
    assert all(f"| {status:d} | {name.vi} · {name.en.lower()} |" in PAGE for status, name in STATUS_NAMES.items())
    assert f"`{TASK_QUEUE}`" in PAGE
    for ours in (FilingWorkflow, ViewWorkflow):
        assert f"`{workflow._Definition.must_from_class(ours).name}`" in PAGE


def test_the_worked_example_of_the_id_is_right() -> None:
    assert f"uuid5({NAMESPACE}, client_id" in PAGE
    assert f"submission `S-0001` → `{filing_id('portal-1', 'S-0001')}`" in PAGE
