"""The page of statements: what its program in Python signs holds, that in TypeScript says the same, no rule is missing.

The program in TypeScript is read here, without Node.js.
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from typing import Any, Final

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rules.identity.ring import Ring
from rules.identity.statements import verified
from schemas.identity import (
    ALGORITHMS,
    STATEMENT_TYPE,
    Claim,
    IdentityStatement,
    PrincipalFile,
    PrincipalKind,
    Verified,
)
from tests.conftest import ROOT
from tests.speaking import MESSAGE, grant, key_of, principal, private_key, raw_key, statement

PAGE: Final = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")


def program(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_what_the_program_in_python_signs_holds() -> None:
    names: dict[str, Any] = {}
    exec(program("python"), names)  # noqa: S102 -- the page's own program, as it stands
    now = datetime.now(UTC)
    pem = raw_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    claims = statement().model_dump(mode="json", exclude={"iat", "exp"})
    ring = Ring(
        (
            principal(
                "desk-1",
                grant(Claim.OFFICERS, "H01.12"),
                keys=(key_of(1, valid_from=datetime(2020, 1, 1, tzinfo=UTC), valid_until=now.replace(year=2999)),),
            ),
        )
    )
    assert isinstance(verified(names["sign"](pem, private_key(1).key_id, claims), ring, now, MESSAGE), Verified)


def test_the_program_in_typescript_has_the_same_header_and_times() -> None:
    typescript = program("typescript")
    assert f"{{ alg: '{ALGORITHMS[0]}', kid, typ: '{STATEMENT_TYPE}' }}" in typescript
    assert "iat: now, exp: now + 60" in typescript
    assert "ed25519(null," in typescript, "Node.js takes the algorithm from the key, and refuses a digest beside it"


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_a_program_has_ten_lines(language: str) -> None:
    assert len([line for line in program(language).splitlines() if line.strip()]) <= 11


def test_the_file_of_the_page_is_one() -> None:
    found = PrincipalFile.model_validate(yaml.safe_load(program("yaml")))
    assert found.id == "desk-h0112"


def test_the_page_names_every_claim_kind_and_word() -> None:
    words = set(re.findall(r"[a-z_]+", PAGE))
    assert words >= {*Claim, *PrincipalKind, *IdentityStatement.model_fields}


def test_the_page_names_every_rule() -> None:
    found: set[str] = set()
    for file in ("statements.py", "grants.py"):
        tree = ast.parse((ROOT / "rules" / "identity" / file).read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        named = [call.args[-1] for call in calls if call.func.id in {"problem", "_refusal"}]  # type: ignore[attr-defined]
        found |= {str(one.value) for one in named if isinstance(one, ast.Constant)}
    assert len(found) > 20
    assert found == set(re.findall(r"`(\w+)`", PAGE)) & found
