"""The offer for an applicant without the required signature: to file one level lower."""

from typing import Final

from schemas.errors import Offer
from schemas.filing.submission import Submission
from schemas.level import CAPABILITIES, Channel, Level
from schemas.publishing.procedure_rules import ProcedureRules

_UNSIGNED: Final = Level.ONLINE_FILING


def level_offer(submission: Submission, procedure: ProcedureRules, level: Level) -> Offer | None:
    """The offer to file one level lower, for a submission refused at this `level` for want of the required signature.

    None if the submission was refused for another reason, or if the lower level has no possible delivery of the result.
    """
    can, fees = CAPABILITIES[_UNSIGNED], procedure.fee.channels if procedure.fee else ()
    results = [channel for channel in procedure.result_channels if channel in can.result]
    if level < _UNSIGNED or not results:
        return None
    offer = Offer(
        level=_UNSIGNED,
        result_channel=_instead(submission.result_channel, results),
        fee_channel=_instead(submission.fee_channel, [channel for channel in fees if channel in can.fee]),
    )
    return None if level is _UNSIGNED and offer == _NOTHING_ELSE else offer


_NOTHING_ELSE: Final = Offer(level=_UNSIGNED)


def _instead(wanted: Channel | None, possible: list[Channel]) -> Channel | None:
    """The channel that replaces the wanted one: the counter if possible.

    None if the wanted one may stay, or if none is possible.
    """
    if wanted is None or wanted in possible or not possible:
        return None
    return Channel.COUNTER if Channel.COUNTER in possible else possible[0]
