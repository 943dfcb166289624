"""The message to the filing about a result that is fully signed."""

from typing import Any, Final

from rules.telling import Telling, read
from schemas.filing.commands import SettleResult
from schemas.result.state import ResultFact


def result_command(raw: Any) -> SettleResult:
    """The command that settles a signed result. Raises `ValueError` for any other content."""
    fact = read(ResultFact, raw)
    return SettleResult(command_id=f"result:{fact.n}", **dict(fact))


TELLS: Final = (Telling("result_settled", result_command, {"result_released": lambda n, body: body | {"n": n}}),)
