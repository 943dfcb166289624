"""The validity of a registered result at a moment."""

from datetime import datetime
from typing import Final

from rules.time.working_time import local_day
from schemas.result.state import RegisteredResult, ResultStanding, ResultState, Validity

_NOT_IN_FORCE: Final = {
    ResultState.MAKING: Validity.NOT_ISSUED,
    ResultState.VOIDED: Validity.VOIDED,
    ResultState.REVOKED: Validity.REVOKED,
    ResultState.REPLACED: Validity.REPLACED,
}


def standing(result: RegisteredResult, at: datetime) -> ResultStanding:
    """The standing of a result as of this instant; later changes are ignored."""
    validity = _validity(result, at)
    ended = min((at for at in (result.ended_at, result.overtaken_at) if at is not None), default=None)
    over = ended is not None and ended <= at
    return ResultStanding(
        number=result.number,
        agency=result.agency,
        validity=validity,
        issued_at=result.issued_at,
        expires_on=result.expires_on,
        ended_at=ended if over else None,
        replaced_by=result.replaced_by if validity is Validity.REPLACED else None,
        as_of=at,
    )


def _validity(result: RegisteredResult, at: datetime) -> Validity:
    if result.issued_at is None or at < result.issued_at:
        return _NOT_IN_FORCE[result.state] if result.state is ResultState.VOIDED else Validity.NOT_ISSUED
    if result.ended_at is not None and result.ended_at <= at:
        return _NOT_IN_FORCE[result.state]
    if result.overtaken_at is not None and result.overtaken_at <= at:
        return Validity.OVERTAKEN
    expired = result.expires_on is not None and result.expires_on < local_day(at)
    return Validity.EXPIRED if expired else Validity.IN_FORCE
