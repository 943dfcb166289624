"""Who decides a procedure: a filing that is handed in elsewhere is refused, with those who do."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.agency import AGENCY_KIND_NAMES, AgencyKind, AgencyName
from schemas.errors import Problem, problem


def not_competent(kinds: Iterable[AgencyKind], deciding: tuple[AgencyName, ...]) -> Problem:
    """That the agency is of none of these `kinds`, and who is, the nearest first."""
    names = [AGENCY_KIND_NAMES[kind] for kind in kinds]
    vi, en = ", ".join(name.vi for name in names), ", ".join(name.en for name in names)
    if not deciding:
        return problem(
            "agency",
            "not_competent",
            f"thủ tục này do {vi} giải quyết; danh bạ chưa có cơ quan nào như thế",
            f"this procedure is decided by: {en}; the directory has none",
        )
    return problem(
        "agency",
        "not_competent",
        f"thủ tục này do {vi} giải quyết; hãy nộp tại: {', '.join(f'{a.agency} ({a.name.vi})' for a in deciding)}",
        f"this procedure is decided by: {en}; file with: {', '.join(f'{a.agency} ({a.name.en})' for a in deciding)}",
    )
