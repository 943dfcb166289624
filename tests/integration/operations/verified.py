"""A file with three signatures, and shells that verify it, with the register and without."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from asn1crypto import pem

from activities.signature.official import INITIALS, SEAL, SIGNATURE, SignatureField, with_fields
from tests.conftest import World
from tests.integration.signature import party as p
from tests.shell import Ended, Shell

NUMBER = "H01.12-2026-K0000001"


_SIGNED: Final[dict[bytes, bytes]] = {}
"""The signed license by root certificate: all tests of a module share one."""


@pytest.fixture
async def file(party: p.Party, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A license with three signatures, and the root certificate, in the folder in which commands run."""
    monkeypatch.chdir(tmp_path)
    root = party.root.dump()
    if root not in _SIGNED:
        paper = with_fields(p.printed(), [SignatureField(name) for name in (INITIALS, SIGNATURE, SEAL)])
        _SIGNED[root] = await p.issued(party, paper)
    (tmp_path / "license.pdf").write_bytes(_SIGNED[root])
    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", root))
    return tmp_path / "license.pdf"


@pytest.fixture
def nobody() -> Shell:
    """A shell of a person with the root certificate and the file, without any of our services."""
    names = ("MOTCUA_DATABASE_URL", "MOTCUA_MASTER_KEY", "MOTCUA_OBJECTS", "TEMPORAL_ADDRESS")
    return Shell({"COLUMNS": "300", "NO_COLOR": "1", **dict.fromkeys(names, "")})


def visitor(nobody: Shell, world: World) -> Shell:
    return Shell(nobody.env | {"MOTCUA_DATABASE_URL": world.app_dsn})


async def verified(shell: Shell, *words: str | Path) -> Ended:
    return await shell("result", "verify", *words, "--roots", "root.pem")


async def registered(world: World, digest: str, **changes: Any) -> None:
    said = {"number": NUMBER, "filing_id": uuid4(), "agency": "H01.12", "n": 1, "sha256": digest}
    row = said | {"issued_at": datetime.now(UTC) - timedelta(hours=1), "state": "in_force"} | changes
    columns, places = ", ".join(row), ", ".join(f"${n + 1}" for n in range(len(row)))
    async with world.connection() as connection:
        await connection.execute(f"insert into result ({columns}) values ({places})", *row.values())  # noqa: S608 -- ours
