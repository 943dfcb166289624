"""While the register of programs can't be read nobody is judged: what the log holds is asked again."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.identity import Guard, heard
from activities.ledger.authority.principals import PASSING, Keyring
from motcua.calls.retry import _PASSING_RULES
from motcua.identity import sign
from schemas.errors import RefusalCode
from schemas.identity.statement import Spoken
from tests.speaking import AUDIENCE, MESSAGE, private_key, statement

SPOKEN = Spoken(statement=sign(statement(MESSAGE, "desk-1"), private_key(1)), message=MESSAGE)


@pytest.mark.parametrize(("known", "fails"), [(True, "principals_not_at_hand"), (False, RefusalCode.NOT_AUTHORISED)])
def test_what_the_log_holds_fails_no_run_before_the_register_was_read(fails: str, *, known: bool) -> None:
    nowhere: Any = None
    with pytest.raises(ApplicationError, match="register of programs") as error:
        heard(Guard(Keyring(nowhere), AUDIENCE), SPOKEN, filed_by="desk-1", known=known)
    assert (error.value.type, error.value.non_retryable) == (fails, not known)


def test_the_kit_asks_again_whatever_passes() -> None:
    assert PASSING < _PASSING_RULES
