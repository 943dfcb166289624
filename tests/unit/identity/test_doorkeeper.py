"""Whatever is sent, the door says in words why it stays shut, and repeats nothing of it."""

from __future__ import annotations

import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import HandleUpdateInput, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

from motcua.identity import sign
from rules.identity.ring import Ring
from rules.identity.statements import Hearing, verified
from schemas.errors import Refusal
from schemas.identity import Claim, Message, Proved
from tests.speaking import AUDIENCE, MESSAGE, NOW, b64, grant, key_of, principal, private_key, statement
from workers.doorkeeper import Doorkeeper
from workflows.stream.receipts import Receipts

RING: Final = Ring([principal("desk-1", grant(Claim.OFFICERS, "*"), keys=(key_of(1),))])
SIGNED: Final = sign(statement(MESSAGE, "desk-1"), private_key(1))


def nested(depth: int) -> Any:
    found: Any = "canary"
    for _ in range(depth):
        found = {"a": found}
    return found


def headed(header: Any) -> dict[str, Any]:
    return {"statement": f"{b64(json.dumps(header).encode())}.{SIGNED.partition('.')[2]}"}


SENT: Final = {
    "nothing": None,
    "several": [{"statement": SIGNED}],
    "half a character": {"command_id": "canary\ud800", "statement": SIGNED},
    "half a character as a name": {"\ud800": "canary", "statement": SIGNED},
    "half a character for whom": {"on_behalf_of": "\ud800", "statement": SIGNED},
    "half a character who": {"actor": {"subject": "\ud800", "role": "leader"}, "statement": SIGNED},
    "half a character signed": {"statement": "\ud800.a.b"},
    "too deep": {"x": nested(5000), "statement": SIGNED},
    "too deep an actor": {"actor": nested(5000), "statement": SIGNED},
    "too deep an id": {"command_id": nested(5000), "statement": SIGNED},
    "too great an id": {"command_id": 10**5000, "statement": SIGNED},
    "no number": {"x": float("nan"), "statement": SIGNED},
    "too great a number": {"x": 10**400, "statement": SIGNED},
    "another header": headed([]),
    "a header of text": headed("canary"),
    "a key that is a list": headed({"alg": "Ed25519", "kid": [1], "typ": "motcua-statement+jwt"}),
    "an algorithm that is a list": headed({"alg": ["Ed25519"], "kid": "k", "typ": "motcua-statement+jwt"}),
    "payload that is not encoded": headed({"alg": "Ed25519", "b64": False, "crit": ["b64"], "kid": "k"}),
    "a header too deep": {"statement": f"{b64(b'[' * 2000)}.e30.AA"},
    "nothing signed": {"statement": ".."},
}


class _Guard:
    proof_of_run = None

    def verified(self, signed: object, message: Message, *, now: datetime, fresh: bool) -> Proved:
        return verified(signed, message, Hearing(RING, AUDIENCE, now, fresh=fresh))


class _Behind:
    def handle_update_validator(self, _: HandleUpdateInput) -> None:
        msg = "nobody comes here"
        raise AssertionError(msg)


@pytest.mark.parametrize("update", ["accept", "submit"])
@pytest.mark.parametrize("sent", SENT)
def test_nothing_comes_in_and_nothing_is_repeated(monkeypatch: pytest.MonkeyPatch, sent: str, update: str) -> None:
    life = SimpleNamespace(has_begun=True, may_hold=Receipts().may_hold, spoken_of=lambda: (None, None))
    here = SimpleNamespace(workflow_id=MESSAGE.stream)
    monkeypatch.setattr(workflow, "instance", lambda: SimpleNamespace(life=life))
    monkeypatch.setattr(workflow, "now", lambda: NOW)
    monkeypatch.setattr(workflow, "info", lambda: here)
    guard: Any = _Guard()
    kind: Any = Doorkeeper(guard).workflow_interceptor_class(WorkflowInterceptorClassInput({}))
    door: WorkflowInboundInterceptor = kind(_Behind())
    with pytest.raises(ApplicationError) as error:
        door.handle_update_validator(HandleUpdateInput(id="u", update=update, args=[SENT[sent]], headers={}))
    said = Refusal.model_validate(error.value.details[0])
    assert said.problems[0].message.vi
    assert "canary" not in str(error.value)
