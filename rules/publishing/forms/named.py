"""The forms of a procedure by their keys: `forms/1.004222/ct01.pdf`."""

from __future__ import annotations

import re
from typing import Final

from schemas.publishing.procedure import PaperRule, Procedure, ProcedureCode

_FILE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.pdf")
_NATIONAL: Final = len("1.004222")
"""A province's variant of a procedure has the blanks of the national one."""


def is_form_of(code: ProcedureCode, key: str) -> bool:
    """Whether there is a blank of this key: each procedure has any that is called `forms/<code>/<name>.pdf`."""
    folder = f"forms/{code[:_NATIONAL]}/"
    return key.startswith(folder) and _FILE.fullmatch(key.removeprefix(folder)) is not None


def forms_of(procedure: Procedure) -> dict[str, PaperRule | None]:
    """The forms by their keys, with the papers that they are. One that names none has `to-khai.pdf`, which is none."""
    named = {paper.form: paper for paper in procedure.papers if paper.form is not None}
    return {**named} or {f"forms/{procedure.code[:_NATIONAL]}/to-khai.pdf": None}
