"""What a hook of an agency says is taken at its word, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from obstore.store import MemoryStore
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from motcua import BackOffice, testing
from motcua.backoffice import _Work
from motcua.files.store import Store
from motcua.hooks import Hooks
from schemas.backoffice import CheckAnswer, CheckRequest

REQUEST = CheckRequest(request_id="check:1", dossier=testing.dossier())


async def checked(answer: Any) -> CheckAnswer:
    """What the activity says of a back office whose check answers so."""

    class Office(BackOffice):
        async def check(self, _: Any) -> Any:
            return answer

    with Hooks() as hooks:
        work = _Work(Office(), Store(MemoryStore()), hooks)
        found: CheckAnswer = await ActivityEnvironment().run(work.check, REQUEST)
    return found


@pytest.mark.parametrize("answer", [True, False])
async def test_what_a_check_says_is_passed_on(answer: bool) -> None:  # noqa: FBT001
    assert await checked(answer) == CheckAnswer(complete=answer)


@pytest.mark.parametrize("answer", ["yes", "no", 1, 0, None], ids=repr)
async def test_a_check_that_says_neither_true_nor_false_fails_in_words(answer: Any) -> None:
    with pytest.raises(ApplicationError, match="True or False") as error:
        await checked(answer)
    assert error.value.type == "bad_answer"
