"""A message says the same with a statement beside it and without one, and is written as before where there is none."""

from __future__ import annotations

from typing import Final, get_args

from motcua.identity import sign
from schemas.complaint.commands import COMPLAINT_COMMANDS
from schemas.complaint.state import ComplaintStart, content_of_start
from schemas.filing.commands import PUBLIC_COMMANDS, Command, content_of
from schemas.identity.statement import message_digest
from schemas.parcel.commands import PARCEL_COMMANDS
from schemas.payment.commands import PAYMENT_COMMANDS
from schemas.reading import Question
from schemas.referral.commands import REFERRAL_COMMANDS
from schemas.refund.commands import REFUND_COMMANDS
from schemas.result.commands import RESULT_COMMANDS
from tests.contract.kept import golden
from tests.speaking import private_key, statement
from tests.walking import walked

SIGNED: Final = {"statement": sign(statement(), private_key(1))}
COMMANDS: Final = {
    model.model_fields["kind"].default: model
    for models in (PUBLIC_COMMANDS, PARCEL_COMMANDS, REFERRAL_COMMANDS, COMPLAINT_COMMANDS, RESULT_COMMANDS)
    for model in (*models, *REFUND_COMMANDS, *PAYMENT_COMMANDS)
}
QUESTIONS: Final = {model.model_fields["ask"].default: model for model in get_args(Question)}


@walked("kind", COMMANDS, at_least=50)
def test_a_command_has_the_same_digest_with_a_statement(kind: str) -> None:
    model: type[Command] = COMMANDS[kind]
    plain = model.model_validate(golden(f"command.{kind}"))
    signed = model.model_validate(golden(f"command.{kind}") | SIGNED)
    assert signed.statement == SIGNED["statement"]
    assert content_of(signed) == content_of(plain)
    assert message_digest(signed.model_dump(mode="json")) == message_digest(plain.model_dump(mode="json"))
    assert "statement" not in plain.model_dump(mode="json")
    assert SIGNED["statement"] not in repr(signed)


@walked("ask", QUESTIONS, at_least=20)
def test_a_question_may_carry_a_statement(ask: str) -> None:
    plain = QUESTIONS[ask].model_validate(golden(f"ask.{ask}"))
    assert QUESTIONS[ask].model_validate(golden(f"ask.{ask}") | SIGNED).statement == SIGNED["statement"]
    assert "statement" not in plain.model_dump(mode="json")


def test_a_complaint_has_the_same_digest_with_a_statement() -> None:
    plain = ComplaintStart.model_validate(golden("complaint_input"))
    signed = ComplaintStart.model_validate(golden("complaint_input") | SIGNED)
    assert content_of_start(signed) == content_of_start(plain)
    assert "statement" not in plain.model_dump(mode="json")
