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
    """Returns the set rules for the names of certificate holders. Ends the command if invalid."""
    return _set(SUBJECTS, SubjectRules)


def policy_set() -> Policy:
    """Returns the set policy for valid signatures. Ends the command if invalid."""
    return _set(POLICY, Policy)


def _set(setting: str, kind: type[Set]) -> Set:
    with refusing(ValidationError, Exit.USAGE, said("refused.result.see", name=setting)):
        return TypeAdapter(kind).validate_json(os.environ.get(setting, "{}"))
