"""How signatures are judged, as it is set."""

from __future__ import annotations

import os
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from activities.signature.identity import SubjectRules
from activities.signature.policy import Policy
from motcua.cli.running import Exit, refusing
from schemas.saying import said

SUBJECTS: Final = "MOTCUA_SIGNATURE_SUBJECTS"


POLICY: Final = "MOTCUA_SIGNATURE_POLICY"


Set = TypeVar("Set")


def subjects_set() -> SubjectRules:
    """How certificates name their holders, as it is set."""
    return _set(SUBJECTS, SubjectRules)


def policy_set() -> Policy:
    """What signatures must be to count, as it is set."""
    return _set(POLICY, Policy)


def _set(setting: str, kind: type[Set]) -> Set:
    with refusing(ValidationError, Exit.USAGE, said("refused.result.see", name=setting)):
        return TypeAdapter(kind).validate_json(os.environ.get(setting, "{}"))
