"""Who decides a procedure: a filing that is handed in elsewhere is refused, with those who do."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.agency import AgencyKind, AgencyName
from schemas.errors import Problem, problem
from schemas.names import AGENCY_KIND_NAMES, listed


def not_competent(kinds: Iterable[AgencyKind], deciding: tuple[AgencyName, ...]) -> Problem:
    """That the agency is of none of these `kinds`, and who is, the nearest first."""
    names = listed(AGENCY_KIND_NAMES, kinds)
    if not deciding:
        return problem(
            "agency",
            "not_competent",
            f"thủ tục này do {names.vi} giải quyết; danh bạ chưa có cơ quan nào như thế",
            f"this procedure is decided by: {names.en}; the directory has none",
        )
    vi, en = (
        ", ".join(f"{one.agency} ({getattr(one.name, language)})" for one in deciding) for language in ("vi", "en")
    )
    return problem(
        "agency",
        "not_competent",
        f"thủ tục này do {names.vi} giải quyết; hãy nộp tại: {vi}",
        f"this procedure is decided by: {names.en}; file with: {en}",
    )
