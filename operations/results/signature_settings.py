"""The settings for judging signatures."""

import os
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from activities.signature.certificate_subject import SubjectRules
from activities.signature.policy import Policy
from motcua.cli.running import Exit, refusing
from schemas.translate import said

SUBJECTS: Final = "MOTCUA_SIGNATURE_SUBJECTS"


POLICY: Final = "MOTCUA_SIGNATURE_POLICY"


Set = TypeVar("Set")


def subjects_set() -> SubjectRules:
    """Returns the configured rules for the names of certificate holders. An invalid setting ends the command."""
    return _set(SUBJECTS, SubjectRules)


def policy_set() -> Policy:
    """Returns the configured policy for valid signatures. An invalid setting ends the command."""
    return _set(POLICY, Policy)


def _set(setting: str, kind: type[Set]) -> Set:
    with refusing(ValidationError, Exit.USAGE, said("refused.result.see", name=setting)):
        return TypeAdapter(kind).validate_json(os.environ.get(setting, "{}"))
