"""Who decides a procedure and its parts: a filing for which there is nobody is refused, with those who would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.agency import AgencyKind, AgencyName
from schemas.errors import Problem, problem
from schemas.filing.events import Partner
from schemas.names import AGENCY_KIND_NAMES, listed
from schemas.publishing.procedure import ProcedureRules


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


def without_partner(procedure: ProcedureRules, partners: Iterable[Partner]) -> Iterator[Problem]:
    """That the directory has no agency near enough which decides a part."""
    found = {partner.part for partner in partners}
    for _, part in procedure.referred:
        if part.code not in found:
            names = listed(AGENCY_KIND_NAMES, part.kinds)
            yield problem(
                "agency",
                "no_partner",
                f"phần {part.code} do {names.vi} giải quyết; danh bạ của tỉnh chưa có cơ quan nào như thế",
                f"the part {part.code} is decided by: {names.en}; the province's directory has none",
            )
