"""The page of statements: what its program in Python signs holds, that in TypeScript says the same, no rule is missing.

The program in TypeScript runs without its types where there is Node.js.
"""

import ast
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rules.identity.ring import Ring
from rules.identity.statements import Hearing, proved
from schemas.identity.jws import ALGORITHMS
from schemas.identity.statement import (
    STATEMENT_TYPE,
    Claim,
    IdentityStatement,
    Message,
    PrincipalFile,
    PrincipalKind,
    message_digest,
    seconds,
)
from tests.conftest import ROOT
from tests.speaking import (
    APPLICANT,
    AUDIENCE,
    SPECIALIST,
    grant,
    key_of,
    principal,
    private_key,
    raw_key,
)

PAGE: Final = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")


def program(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_program_in_typescript_has_the_same_header_and_times() -> None:
    typescript = program("typescript")
    assert f"{{ alg: '{ALGORITHMS[0]}', kid, typ: '{STATEMENT_TYPE}' }}" in typescript
    assert "iat: now, exp: now + 60" in typescript
    assert "ed25519(null," in typescript, "Node.js takes the algorithm from the key, and refuses a digest beside it"


STREAM: Final = "filing:5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2"
COMMAND: Final = {"command_id": "c-1", "actor": SPECIALIST.model_dump(mode="json"), "via": {"principal": "desk-1"}}
QUESTION: Final = {"ask": "receipt", "stream": STREAM, "command_id": "c-1"}
FORM: Final = {"name": "Nguyễn Văn An ☂ 🌂", "copies": 2, "urgent": None}
SAID: Final = {"actor": APPLICANT.model_dump(mode="json"), "form": FORM}
MESSAGES: Final[dict[str, dict[str, Any]]] = {
    "submission": {"act": "submit", "actor": APPLICANT, "content": message_digest(SAID)},
    "command": {"act": "accept", "actor": SPECIALIST, "command_id": "c-1", "content": message_digest(COMMAND)},
    "question": {"act": "ask.receipt", "actor": SPECIALIST, "content": message_digest(QUESTION)},
    "own": {"act": "ask.receipt", "actor": None, "content": message_digest(QUESTION)},
}


def ring_of_today() -> Ring:
    now = datetime.now(UTC)
    key = key_of(1, valid_from=datetime(2020, 1, 1, tzinfo=UTC), valid_until=now.replace(year=2999))
    return Ring((principal("desk-1", grant(Claim.OFFICERS, "H01.12"), grant(Claim.OWN), keys=(key,)),))


def signed_in_python() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(program("python"), names)  # noqa: S102 -- the page's own program, as it stands
    pem = raw_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(claims: dict[str, Any]) -> str:
        return str(names["sign"](pem, private_key(1).key_id, claims))

    return {
        "submission": names["submission"](sign, who(), SAID, STREAM)["statement"],
        "command": names["command"](sign, who(), COMMAND, "accept", STREAM)["statement"],
        "question": names["question"](sign, who(), QUESTION, actor=COMMAND["actor"])["statement"],
        "own": names["question"](sign, who(), QUESTION)["statement"],
    }


CALLS: Final = """
const { pem, kid, who, filed, command: given, question: asked, stream } = JSON.parse(process.env.GIVEN);
const by = (claims) => sign(pem, kid, claims);
console.log(JSON.stringify({
  submission: submission(by, who, filed, stream).statement,
  command: command(by, who, given, 'accept', stream).statement,
  question: question(by, who, asked, { actor: given.actor }).statement,
  own: question(by, who, asked).statement,
}));
"""


def signed_in_javascript() -> dict[str, Any]:
    """By the program of the page without its types, which are all that Node.js alone might not read."""
    untyped = re.sub(r": (?:string|object|any|Sign)\b", "", program("typescript"))
    untyped = re.sub(r"^type .*$", "", untyped, flags=re.MULTILINE).replace("export function", "function")
    pem = raw_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    given = {"pem": pem, "kid": private_key(1).key_id, "who": who(), "filed": SAID, "command": COMMAND}
    env = {"GIVEN": json.dumps(given | {"question": QUESTION, "stream": STREAM}), "PATH": os.environ["PATH"]}
    node = ("node", "--input-type=module", "--eval", untyped + CALLS)
    done = subprocess.run(node, env=env, capture_output=True, text=True, timeout=60, check=True)
    return dict(json.loads(done.stdout))


def who() -> dict[str, Any]:
    human = {"acr": "2", "amr": ["pwd", "otp"], "auth_time": seconds(datetime.now(UTC)) - 60}
    return {"iss": "desk-1", "aud": AUDIENCE} | human


@pytest.mark.parametrize(
    "signed_in",
    [
        signed_in_python,
        pytest.param(signed_in_javascript, marks=pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js")),
    ],
)
def test_a_submission_a_command_and_a_question_hold(signed_in: Callable[[], dict[str, Any]]) -> None:
    signed = signed_in()
    for name, about in MESSAGES.items():
        message = Message.model_validate(about | {"stream": STREAM})
        found = proved(signed[name], message, Hearing(ring_of_today(), AUDIENCE, datetime.now(UTC)))
        assert found.statement.actor == about["actor"], name


def test_the_file_of_the_page_is_one() -> None:
    found = PrincipalFile.model_validate(yaml.safe_load(program("yaml")))
    assert found.id == "desk-h0112"


def test_the_page_names_every_claim_kind_and_word() -> None:
    words = set(re.findall(r"[a-z_]+", PAGE))
    assert words >= {*Claim, *PrincipalKind, *IdentityStatement.model_fields}


def rules_of(file: Path) -> set[str]:
    """The rules that a module refuses by: what it gives to `problem` as the second word, to `unheard` as the first."""
    calls = [
        (call.func.id, call.args)
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    ]
    named = [arguments[RULE_AT[name]] for name, arguments in calls if name in RULE_AT]
    return {str(one.value) for one in named if isinstance(one, ast.Constant)}


RULE_AT: Final = {"problem": 1, "unheard": 0}
REFUSING: Final = (
    *sorted((ROOT / "rules" / "identity").glob("*.py")),
    ROOT / "activities" / "ledger" / "authority" / "principals.py",
    ROOT / "operations" / "principals" / "changes.py",
)


def test_the_page_names_every_rule() -> None:
    found = {rule for file in REFUSING for rule in rules_of(file)}
    assert found > {"statement_missing", "role_not_granted", "clock_is_off", "proof_missing", "needs_another"}
    assert found - set(re.findall(r"`(\w+)`", PAGE)) == set()
