"""Each refusal at the door has an explanation in words; the examples on the page of statements are right."""

import ast
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import HandleUpdateInput, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

from activities.ledger.authority.budgets import Work, too_many
from activities.ledger.authority.principals import PASSING, Guard, Keyring, verified_sender
from activities.support.refusal import failure
from motcua.calls.retry import _PASSING_RULES
from motcua.identity import sign
from rules.identity.statements import Ring, VerificationContext, proved, verified
from schemas.errors import OTHER_CONTENT, Refusal, RefusalCode, RefusalError, problem, refused
from schemas.identity.jws import ALGORITHMS
from schemas.identity.statement import (
    STATEMENT_TYPE,
    Claim,
    IdentityStatement,
    Message,
    PrincipalFile,
    PrincipalKind,
    Proved,
    Spoken,
    message_digest,
    seconds,
)
from tests.conftest import ROOT
from tests.speaking import (
    APPLICANT,
    AUDIENCE,
    COMMAND,
    MESSAGE,
    NOW,
    SPECIALIST,
    b64,
    grant,
    key_of,
    principal,
    private_key,
    raw_key,
    statement,
)
from tests.walking import walked
from workers.interceptors.identity import Doorkeeper

RING: Final = Ring([principal("desk-1", grant(Claim.OFFICERS, "*"), keys=(key_of(1), key_of(2, revoked_at=NOW)))])
KEY: Final = private_key(1)
SIGNED: Final = sign(statement(MESSAGE, "desk-1"), KEY)


def nested(depth: int) -> Any:
    found: Any = "canary"
    for _ in range(depth):
        found = {"a": found}
    return found


def headed(header: Any) -> dict[str, Any]:
    return {"statement": f"{b64(json.dumps(header).encode())}.{SIGNED.partition('.')[2]}"}


SENT: Final = {
    "nothing": None,
    "half a character": {"command_id": "canary\ud800", "statement": SIGNED},
    "half a character signed": {"statement": "\ud800.a.b"},
    "too deep": {"x": nested(5000), "statement": SIGNED},
    "too great an id": {"command_id": 10**5000, "statement": SIGNED},
    "no number": {"x": float("nan"), "statement": SIGNED},
    "a key that is a list": headed({"alg": "Ed25519", "kid": [1], "typ": "motcua-statement+jwt"}),
    "an algorithm that is a list": headed({"alg": ["Ed25519"], "kid": "k", "typ": "motcua-statement+jwt"}),
    "a header too deep": {"statement": f"{b64(b'[' * 2000)}.e30.AA"},
}


class _Guard:
    proof_of_run = None

    def __init__(self, *, spent: bool = False) -> None:
        self._spent = spent
        self.spends: list[Work] = []

    def spend(self, _: Proved, work: Work) -> None:
        self.spends.append(work)
        if self._spent:
            raise RefusalError(too_many(2))

    def verified(
        self, signed: object, message: Message, *, now: datetime, fresh: bool = True, known: bool = False
    ) -> Proved:
        return verified(signed, message, VerificationContext(RING, AUDIENCE, now, fresh=fresh, known=known))


class _Behind:
    def __init__(self, refusal: Refusal | None = None) -> None:
        self._refusal = refusal
        self.came = 0

    def handle_update_validator(self, _: HandleUpdateInput) -> None:
        self.came += 1
        if self._refusal is not None:
            raise failure(self._refusal)


def door_before(
    behind: _Behind, monkeypatch: pytest.MonkeyPatch, *, may_hold: bool, guard: _Guard | None = None, begun: bool = True
) -> WorkflowInboundInterceptor:
    """Returns the door (the interceptor) of a run; `may_hold`: whether the run's log may contain the command."""
    life = SimpleNamespace(has_begun=begun, may_hold=lambda _: may_hold, spoken_of=lambda: (None, None))
    monkeypatch.setattr(workflow, "instance", lambda: SimpleNamespace(life=life))
    monkeypatch.setattr(workflow, "now", lambda: NOW)
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(workflow_id=MESSAGE.stream))
    before: Any = guard or _Guard()
    kind: Any = Doorkeeper(before).workflow_interceptor_class(WorkflowInterceptorClassInput({}))
    door: WorkflowInboundInterceptor = kind(behind)
    return door


def refusal_of(door: WorkflowInboundInterceptor, update: str, sent: Any) -> Refusal | None:
    """Returns the refusal of an Update at the door; None if it is let in."""
    try:
        door.handle_update_validator(HandleUpdateInput(id="u", update=update, args=[sent], headers={}))
    except ApplicationError as error:
        return Refusal.model_validate(error.details[0])
    return None


REVOKED: Final = {"statement": sign(statement(MESSAGE, "desk-1"), private_key(2))}
OVER: Final = {"statement": sign(statement(MESSAGE, "desk-1", iat=seconds(NOW) - 900, exp=seconds(NOW) - 800), KEY)}
NOBODYS: Final = {"statement": sign(statement(MESSAGE, "desk-1"), private_key(3))}
SUBMITTED: Final = MESSAGE.model_copy(update={"act": "submit", "command_id": None, "content": "0" * 64})
OF_SUBMIT: Final = {"content": "0" * 64}
SHAPE: Final = refused(RefusalCode.BAD_COMMAND, problem("", "unreadable")).refusal


@pytest.mark.parametrize("may_hold", [True, False])
@pytest.mark.parametrize(
    ("statement_", "rule", "behind"),
    [
        (REVOKED, "key_revoked", None),
        (OVER, "statement_expired", None),
        (REVOKED, "key_revoked", SHAPE),
        (OVER, "statement_expired", SHAPE),
        (OVER, "same_id_other_content", OTHER_CONTENT),
    ],
)
def test_what_the_log_may_hold_comes_in_and_is_told_the_same_if_it_can_not_be_new(
    monkeypatch: pytest.MonkeyPatch, statement_: dict[str, Any], rule: str, behind: Refusal | None, *, may_hold: bool
) -> None:
    inner = _Behind(behind)
    why = refusal_of(door_before(inner, monkeypatch, may_hold=may_hold), "accept", COMMAND | statement_)
    assert inner.came == may_hold
    if may_hold and behind is None:
        assert why is None
        return
    assert why is not None
    expected = rule if may_hold else "statement_expired" if statement_ is OVER else rule
    assert [one.rule for one in why.problems] == [expected]


@pytest.mark.parametrize("update", ["accept", "submit"])
def test_what_nobody_has_signed_never_comes_in(monkeypatch: pytest.MonkeyPatch, update: str) -> None:
    inner = _Behind()
    assert refusal_of(door_before(inner, monkeypatch, may_hold=True), update, COMMAND | NOBODYS) is not None
    assert not inner.came


@pytest.mark.parametrize(("seed", "ago", "lets_in"), [(1, 0, True), (1, 900, True), (2, 0, False)])
def test_submit_may_be_late_and_no_more(monkeypatch: pytest.MonkeyPatch, seed: int, ago: int, *, lets_in: bool) -> None:
    """A late `submit` still needs a valid signature; else a revoked program could learn the receipt of any filing."""
    at = seconds(NOW) - ago
    said = {"statement": sign(statement(SUBMITTED, "desk-1", iat=at, exp=at + 60), private_key(seed))}
    inner = _Behind()
    assert (refusal_of(door_before(inner, monkeypatch, may_hold=True), "submit", OF_SUBMIT | said) is None) is lets_in
    assert inner.came == lets_in


def test_what_a_program_sends_too_much_of_comes_no_further_and_forgeries_spend_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guard, inner = _Guard(spent=True), _Behind()
    door = door_before(inner, monkeypatch, may_hold=True, guard=guard)
    signed = {"statement": sign(statement(MESSAGE, "desk-1"), KEY)}
    for sent in (signed, OVER):
        why = refusal_of(door, "accept", COMMAND | sent)
        assert why is not None
        assert (why.code, why.again_in) == (RefusalCode.TOO_MANY, 2)
    assert refusal_of(door, "accept", COMMAND | NOBODYS) is not None
    assert (inner.came, guard.spends) == (0, [Work.COMMAND] * 2)


@pytest.mark.parametrize(("begun", "spends"), [(False, []), (True, [Work.COMMAND])])
def test_a_submission_is_paid_for_as_its_filing_begins_and_a_repeat_as_a_command(
    monkeypatch: pytest.MonkeyPatch, spends: list[Work], *, begun: bool
) -> None:
    guard = _Guard()
    door = door_before(_Behind(), monkeypatch, may_hold=False, guard=guard, begun=begun)
    signed = {"statement": sign(statement(SUBMITTED, "desk-1"), KEY)}
    assert refusal_of(door, "submit", OF_SUBMIT | signed) is None
    assert guard.spends == spends


@walked("update", ["accept", "submit"], exactly=2)
@walked("sent", SENT, exactly=9)
def test_nothing_comes_in_and_nothing_is_repeated(sent: str, update: str) -> None:
    behind = _Behind()
    with pytest.MonkeyPatch.context() as monkeypatch:
        door = door_before(behind, monkeypatch, may_hold=False)
        with pytest.raises(ApplicationError) as error:
            door.handle_update_validator(HandleUpdateInput(id="u", update=update, args=[SENT[sent]], headers={}))
    assert Refusal.model_validate(error.value.details[0]).problems[0].message.vi
    assert "canary" not in str(error.value)
    assert not behind.came


SPOKEN = Spoken(statement=sign(statement(MESSAGE, "desk-1"), private_key(1)), message=MESSAGE)


def test_what_the_log_holds_fails_no_run_before_the_register_was_read() -> None:
    nowhere: Any = None
    guard = Guard(Keyring(nowhere), AUDIENCE)
    with pytest.raises(ApplicationError, match="register of programs") as error:
        verified_sender(guard, SPOKEN, filed_by="desk-1", known=True)
    assert (error.value.type, error.value.non_retryable) == ("principals_not_at_hand", False)
    with pytest.raises(RefusalError) as refused:
        verified_sender(guard, SPOKEN, filed_by="desk-1", known=False)
    assert refused.value.refusal.code is RefusalCode.NOT_AUTHORISED


def test_the_kit_asks_again_whatever_passes() -> None:
    assert PASSING < _PASSING_RULES


# The page of statements: what its program in Python signs holds, that in TypeScript says the same, no rule is missing.

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
PROGRAM: Final = {"command_id": "c-1", "actor": SPECIALIST.model_dump(mode="json"), "via": {"principal": "desk-1"}}
QUESTION: Final = {"ask": "receipt", "stream": STREAM, "command_id": "c-1"}
FORM: Final = {"name": "Nguyễn Văn An ☂ 🌂", "copies": 2, "urgent": None}
SAID: Final = {"actor": APPLICANT.model_dump(mode="json"), "form": FORM}
MESSAGES: Final[dict[str, dict[str, Any]]] = {
    "submission": {"act": "submit", "actor": APPLICANT, "content": message_digest(SAID)},
    "command": {"act": "accept", "actor": SPECIALIST, "command_id": "c-1", "content": message_digest(PROGRAM)},
    "question": {"act": "ask.receipt", "actor": SPECIALIST, "content": message_digest(QUESTION)},
    "own": {"act": "ask.receipt", "actor": None, "content": message_digest(QUESTION)},
}


def ring_of_today() -> Ring:
    key = key_of(1, valid_from=datetime(2020, 1, 1, tzinfo=UTC), valid_until=datetime.now(UTC).replace(year=2999))
    return Ring((principal("desk-1", grant(Claim.OFFICERS, "H01.12"), grant(Claim.OWN), keys=(key,)),))


def signed_in_python() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(program("python"), names)  # noqa: S102 -- the page's own program, as it stands
    pem = raw_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(claims: dict[str, Any]) -> str:
        return str(names["sign"](pem, private_key(1).key_id, claims))

    return {
        "submission": names["submission"](sign, who(), SAID, STREAM)["statement"],
        "command": names["command"](sign, who(), PROGRAM, "accept", STREAM)["statement"],
        "question": names["question"](sign, who(), QUESTION, actor=PROGRAM["actor"])["statement"],
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
    """Runs the page's TypeScript program, without its types, which Node.js might not read; returns its results."""
    untyped = re.sub(r": (?:string|object|any|Sign)\b", "", program("typescript"))
    untyped = re.sub(r"^type .*$", "", untyped, flags=re.MULTILINE).replace("export function", "function")
    pem = raw_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    given = {"pem": pem, "kid": private_key(1).key_id, "who": who(), "filed": SAID, "command": PROGRAM}
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
        found = proved(signed[name], message, VerificationContext(ring_of_today(), AUDIENCE, datetime.now(UTC)))
        assert found.statement.actor == about["actor"], name


def test_the_page_and_its_file_name_every_claim_kind_and_word() -> None:
    assert PrincipalFile.model_validate(yaml.safe_load(program("yaml"))).id == "desk-h0112"
    assert set(re.findall(r"[a-z_]+", PAGE)) >= {*Claim, *PrincipalKind, *IdentityStatement.model_fields}


def rules_of(file: Path) -> set[str]:
    """Returns the rules of a module's refusals: the second argument of `problem`, the first of `not_authorised`."""
    calls = [
        (call.func.id, call.args)
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    ]
    named = [arguments[RULE_AT[name]] for name, arguments in calls if name in RULE_AT]
    return {str(one.value) for one in named if isinstance(one, ast.Constant)}


RULE_AT: Final = {"problem": 1, "not_authorised": 0}
REFUSING: Final = (
    *sorted((ROOT / "rules" / "identity").glob("*.py")),
    ROOT / "activities" / "ledger" / "authority" / "principals.py",
    ROOT / "operations" / "principal_register.py",
)


def test_the_page_names_every_rule() -> None:
    found = {rule for file in REFUSING for rule in rules_of(file)}
    assert found > {"statement_missing", "role_not_granted", "clock_is_off", "proof_missing", "needs_another"}
    assert found - set(re.findall(r"`(\w+)`", PAGE)) == set()
