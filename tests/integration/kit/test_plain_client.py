"""The integrators' page and the codec of docs/codec.md, run literally, without our packages."""

import asyncio
import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from temporalio import workflow
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext

from console.home import write_new
from motcua.payloads.codec import KEY_ID, NONCE, Codec
from motcua.payloads.converter import SEALED, data_converter
from motcua.payloads.key_ring import CODEC_KEYS
from motcua.testing import PAPER
from publishing.authoring import procedures
from rules.identity.principal_register import unproved
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import STATUS_NAMES
from schemas.filing.submission import Submission
from schemas.identity.statement import Principal
from schemas.ids import NAMESPACE, TASK_QUEUE, filing_id
from schemas.parcel.commands import PARCEL_COMMANDS
from schemas.referral.commands import REFERRAL_COMMANDS
from tests.conftest import ROOT, World
from tests.file_door import serving_files
from tests.locked import locked, now_in_force, register
from tests.sealed import ring, sealed, written
from tests.speaking import raw_key
from workflows.filing import FilingWorkflow
from workflows.view import ViewWorkflow

PAGE: Final = (ROOT / "docs" / "integrators.md").read_text()
# Packages alone, without the .pth files among them: so the checkout is not on the path.
BARE: Final = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n"
NOTHING_OF_OURS: Final = """
import importlib.util
assert not [name for name in ("motcua", "schemas", "workflows", "rules") if importlib.util.find_spec(name)]
"""
FILED: Final = "1.001612@2026-12.yaml"
(REGISTERED,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(PROVING,) = re.findall(r"^```\n(import .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SEALED_PAGE: Final = (ROOT / "docs" / "codec.md").read_text()
(CODEC,) = re.findall(r"^```python\n(.*?)^```$", SEALED_PAGE, re.MULTILINE | re.DOTALL)
PLAIN: Final = 'Client.connect(os.environ["TEMPORAL_ADDRESS"], '


async def run(program: str, folder: Path, world: World, **more: str) -> str:
    """Runs a program outside this project, in a folder with a paper; returns its output. It must print no errors."""
    (folder / "application.pdf").write_bytes(PAPER)
    env = {key: world.process_env[key] for key in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE")} | more
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", BARE + NOTHING_OF_OURS + program),
        cwd=folder,
        env=env | {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(100):
        said, complained = await process.communicate()
    assert (process.returncode, complained.decode()) == (0, "")
    return said.decode()


@pytest.fixture
async def running(world: World) -> AsyncIterator[World]:
    """A world with a platform worker, the default back office, and a gateway that serves its files."""
    async with serving_files(world) as served, served.platform(), served.back_office():
        yield served


async def test_the_program_of_the_page_files_decides_and_reads(running: World, tmp_path: Path) -> None:
    await procedures.publish(running.owner_dsn, ROOT / "procedures" / FILED)
    refused, missing, filed, end = (await run(PROGRAM, tmp_path, running)).splitlines()
    assert refused.startswith("bad_submission form.trade field_required")
    assert missing.startswith("bad_submission form.capital field_required")
    filing = filing_id("portal-1", "S-0001")
    [row] = await running.fetch("select code, status, level, outcome from filing where filing_id = $1", filing)
    assert tuple(row) == (filed.removesuffix(" 1"), 10, 4, "delivered"), "the one filing of this client"
    result = await running.client.result(filing)
    assert end == f"10 Result returned approved {result.result.sha256}"
    assert hashlib.sha256((tmp_path / "result.pdf").read_bytes()).hexdigest() == result.result.sha256
    assert (await running.client.payment(filing)).captured == 100_000, "paid at the bank"
    again = ["these ids stand for another submission", filed, end]
    assert (await run(PROGRAM, tmp_path, running)).splitlines() == again, "run again, it finds what it did"


async def test_the_program_of_the_page_signs_where_identity_is_required(world: World, tmp_path: Path) -> None:
    key = tmp_path / "own.pem"
    key.write_bytes(raw_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    speaks = {"MOTCUA_IDENTITY_PRINCIPAL": "portal-p", "MOTCUA_IDENTITY_KEY_FILE": str(key)}
    portal = Principal.model_validate({**yaml.safe_load(REGISTERED), "keys": [now_in_force(1)]})
    await procedures.publish(world.owner_dsn, ROOT / "procedures" / FILED)
    await register(world, portal.model_copy(update={"id": "portal-p"}))  # `locked` has a portal-1 of its own
    async with serving_files(world) as served, locked(served) as closed, closed.back_office():
        proof = (await run(PROVING, tmp_path, closed)).strip()
        assert unproved(proof, portal.keys[0], portal.id, datetime.now(UTC)) is None
        *_, end = (await run(PROGRAM, tmp_path, closed, **speaks)).splitlines()
    assert end.startswith("10 Result returned approved ")


async def test_the_program_of_the_page_works_sealed_with_the_codec_of_the_other(world: World, tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    write_new(file, written("one"))
    setting = f"import os\nos.environ[{CODEC_KEYS!r}] = {str(file)!r}\n"
    program = PROGRAM.replace("from __future__ import annotations\n", "")
    assert program.count(PLAIN) == 1
    program = setting + CODEC + program.replace(PLAIN, PLAIN + "data_converter=SEALED, ")
    world = await sealed(world, ring("one"))
    await procedures.publish(world.owner_dsn, ROOT / "procedures" / FILED)
    async with serving_files(world) as served, served.platform(), served.back_office():
        refused, missing, _, end = (await run(program, tmp_path, served)).splitlines()
    assert refused.startswith("bad_submission form.trade field_required")
    assert missing.startswith("bad_submission form.capital field_required")
    assert end.startswith("10 Result returned approved ")


async def test_both_codecs_open_what_the_other_seals(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    write_new(file, written("two", "one"))
    told: dict[str, Any] = {}
    exec(CODEC.replace(f'os.environ["{CODEC_KEYS}"]', repr(str(file))), told)  # noqa: S102 -- the page's own
    theirs, ours = told["Codec"](), Codec(ring("one", "two"))
    work = ActivitySerializationContext("default", "1", "check", "backoffice", "filing:1", "Filing", is_local=False)
    given = await data_converter.encode([{"name": "Nguyễn Văn An"}])
    for context in (WorkflowSerializationContext("default", "filing:1"), work):
        for seals, opens in ((theirs, ours), (ours, theirs)):
            made = await seals.with_context(context).encode(given)
            assert made != given
            assert await opens.with_context(context).decode(made) == given


def test_the_codec_in_typescript_names_what_the_other_does() -> None:
    (program,) = re.findall(r"^```typescript\n(.*?)^```$", SEALED_PAGE, re.MULTILINE | re.DOTALL)
    for name in (SEALED.decode(), KEY_ID, CODEC_KEYS, "aes-256-gcm", "motcua\\n${id}\\n", f"randomBytes({NONCE})"):
        assert name in program


async def test_the_program_of_the_page_fits_its_types(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    checking = (sys.executable, "-m", "mypy", "--strict", "program.py")  # no configuration, and so no plugin
    process = await asyncio.create_subprocess_exec(*checking, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(100):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def rows(heading: str) -> list[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


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
