"""The kit's errors, each with a type of its own. A refusal states its problems in Vietnamese and in English."""

from typing import ClassVar, Final

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from .contract import MotcuaError as MotcuaError
from .contract import Problem, Refusal, RefusalCode, Text, Unreadable, problem
from .contract import UnfitError as UnfitError


class Unavailable(MotcuaError):
    """The platform did not answer within the call's `patience`. Repeating the call is safe."""


class SettingsError(MotcuaError):
    """A setting can't be used, or the key or file that the setting names: nothing was sent. The message has no key."""


class FilingNotAvailable(MotcuaError):
    """There never was such a filing."""

    code: ClassVar = "filing_not_available"


class FilingClosed(MotcuaError):
    """The filing has ended and takes no more commands; the command was not recorded."""

    code: ClassVar = "filing_closed"


class RefusedError(MotcuaError):
    """The platform refused the message. Nothing was recorded.

    Attributes:
        refusal: The stable `code`, the `problems` (field, rule, message in `vi` and `en`), the actions `allowed` now.
            If only a required signature is missing, also the `offer` of a level that needs no signature.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class BadSubmission(RefusedError):
    """The submission does not fit the procedure, or is no submission (`bad_submission`, `bad_start`)."""


class BadCommand(RefusedError):
    """The command does not fit its model (`bad_command`)."""


class NotAllowed(RefusedError):
    """The rules do not allow the command now (`not_allowed`). `refusal.allowed` lists the actions allowed now."""


class ChangedMeanwhile(RefusedError):
    """A person has changed the stream since the event `only_at` (`changed_meanwhile`)."""


class NotAuthorised(RefusedError):
    """The actor does not have its role in the agency, according to the directory (`not_authorised`)."""


class SameIdOtherContent(RefusedError):
    """The same id was used before, for other content (`same_id_other_content`)."""


class NotReady(RefusedError):
    """The requested answer does not exist yet (`not_ready`)."""


class NotFound(RefusedError):
    """The record contains nothing under this name (`not_found`)."""


class LedgerConflict(RefusedError):
    """Another run has taken the filing over, and may still be running: nothing was recorded (`ledger_conflict`)."""


class TooMany(RefusedError):
    """The program has sent more than it may (`too_many`); `refusal.again_in`: the seconds until it may send again."""


class InternalError(RefusedError):
    """Something failed inside the platform (`internal_error`)."""


_TYPES: Final[dict[RefusalCode, type[RefusedError]]] = {
    RefusalCode.BAD_START: BadSubmission,
    RefusalCode.BAD_SUBMISSION: BadSubmission,
    RefusalCode.BAD_COMMAND: BadCommand,
    RefusalCode.NOT_ALLOWED: NotAllowed,
    RefusalCode.CHANGED_MEANWHILE: ChangedMeanwhile,
    RefusalCode.NOT_AUTHORISED: NotAuthorised,
    RefusalCode.SAME_ID_OTHER_CONTENT: SameIdOtherContent,
    RefusalCode.NOT_READY: NotReady,
    RefusalCode.NOT_FOUND: NotFound,
    RefusalCode.LEDGER_CONFLICT: LedgerConflict,
    RefusalCode.TOO_MANY: TooMany,
    RefusalCode.INTERNAL: InternalError,
}


def refused(refusal: Refusal) -> RefusedError:
    """Returns the typed error of a refusal."""
    return _TYPES[refusal.code](refusal)


def refused_for(code: RefusalCode, why: Problem) -> RefusedError:
    """Returns the typed error for one problem."""
    return refused(Refusal(code=code, problems=(why,)))


def error_from(failure: BaseException) -> MotcuaError:
    """Returns the typed error of a workflow's failure; a plain `MotcuaError` for a code unknown to this kit."""
    if not isinstance(failure, ApplicationError):
        return MotcuaError(f"the platform failed: {type(failure).__name__}")
    if failure.details and isinstance(failure.details[0], Unreadable):
        return MotcuaError(
            f"the platform failed or refused [{failure.type}], sealed by a key that is not here: "
            "MOTCUA_CODEC_KEYS must hold the keys of the platform"
        )
    if failure.type not in set(RefusalCode):
        return MotcuaError(f"the platform failed: {failure.message} [{failure.type}]")
    try:
        return refused(Refusal.model_validate(failure.details[0]))
    except (IndexError, ValidationError):
        code = RefusalCode(str(failure.type))
        why = Text(vi=code, en=failure.message)
        return refused_for(code, problem("", code, says="refused_without_words", why=why))
