"""The forms of a procedure by their keys: `forms/1.004222/ct01.pdf`."""

import re
from typing import Final

from schemas.publishing.procedure import PaperRule, Procedure, ProcedureCode

_FILE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.pdf")
_NATIONAL: Final = len("1.004222")
"""The length of a national code: a province's variant of a procedure uses the national blanks."""


def is_form_of(code: ProcedureCode, key: str) -> bool:
    """Whether this key is valid for the procedure: any `forms/<code>/<name>.pdf`."""
    folder = f"forms/{code[:_NATIONAL]}/"
    return key.startswith(folder) and _FILE.fullmatch(key.removeprefix(folder)) is not None


def forms_of(procedure: Procedure) -> dict[str, PaperRule | None]:
    """Maps each form's key to the paper that it is. Without named forms there is `to-khai.pdf`, mapped to None."""
    named = {paper.form: paper for paper in procedure.papers if paper.form is not None}
    return {**named} or {f"forms/{procedure.code[:_NATIONAL]}/to-khai.pdf": None}
