"""The folder of the verifiers, copied alone, runs beside Python and the one or two libraries that it names."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any, Final

import pytest

from tests.alone import Alone
from tests.unit.verifier.made import FILE
from verifier.events import canonical

MADE: Final[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture
def alone(tmp_path: Path) -> Alone:
    (tmp_path / "policy").write_text(MADE["policy"])
    for path, content in MADE["files"].items():
        (tmp_path / "second" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "second" / path).write_bytes(b64decode(content))
    return Alone.in_folder(tmp_path)


def test_a_bundle_needs_nothing_else(alone: Alone) -> None:
    file = alone.folder / "bundle.json"
    file.write_bytes(canonical(MADE["bundle"]))
    code, out, err = alone.run("verifier.bundle", "bundle.json", "--policy", "policy")
    assert (code, err) == (0, "")
    assert json.loads(out)["signed_by"] == ["record.example/log", "witness.example"]
    file.write_bytes(canonical(MADE["bundle"] | {"code": "another"}))
    code, out, _ = alone.run("verifier.bundle", "bundle.json")
    assert (code, json.loads(out.splitlines()[0])["rule"]) == (1, "digest")


def test_only_what_reads_a_database_asks_for_asyncpg(alone: Alone) -> None:
    commands = (("verifier.ledger",), ("verifier.checkpoint", "second", "--policy", "policy"))
    for command in commands:
        code, out, err = alone.run(*command)
        assert (code, out) == (1, "")
        assert err.endswith("No module named 'asyncpg'\n")
    alone.add("asyncpg")
    nowhere = {"PGHOST": str(alone.folder), "PGUSER": "nobody", "PGDATABASE": "none"}
    for command in commands:
        code, _, err = alone.run(*command, env=nowhere)
        assert code == 1
        assert "No such file" in err.splitlines()[-1], "it looks for the database"
