"""Who is refused, and in which words: competence, reception, hands kept apart. Each row is a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from rules.filing.competence import not_competent
from schemas.base import Text
from schemas.errors import Problem, RefusalError, problem
from schemas.filing import commands as cm
from schemas.people import Actor, Role
from schemas.publishing.agency import AgencyKind, AgencyName
from tests.unit.filing.lives import (
    AN,
    APPLICANT,
    AT_DESK,
    DESK,
    FILE,
    LEADER,
    PAPER,
    RECEPTION,
    SPECIALIST,
    TEAM_LEAD,
    Life,
    command,
    officer,
)

COMPANY: Final = AN.model_copy(update={"stands_for_it": "reception-1"})
ELSEWHERE: Final = officer(Role.RECEPTION, agency="H56.30")
EARLY: Final = {"channel": "post", "actor": RECEPTION, "received_at": "2026-11-20T08:00:00+07:00"}
LATE: Final = {"channel": "post", "actor": RECEPTION, "received_at": "2026-11-26T08:00:00+07:00"}


def submitted(**changes: Any) -> list[Problem]:
    with pytest.raises(RefusalError) as error:
        Life(**changes)
    return list(error.value.refusal.problems)


def proposed() -> Life:
    return Life().accepted().do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="approved")


def refused(life: Life, kind: str, actor: Actor, **said: Any) -> list[Problem]:
    given: cm.Command = command(kind, actor, len(life.log), **said)
    with pytest.raises(RefusalError) as error:
        life.give(given)
    return list(error.value.refusal.problems)


def claimed() -> Life:
    return Life().do("claim", RECEPTION)


TAKEN: Final = problem("", "claimed_by_other")
RECEPTIONS: Final = problem("actor.role", "role_not_allowed", names=Text(vi="cán bộ tiếp nhận", en="reception"))
NO_PAPERS_AT_DESK: Final = AT_DESK | {"papers": ()}
DUAL: Final = officer(Role.LEADER, "specialist-1")
"""Who proposes, as a leader too."""

OWN: Final = problem("actor.subject", "own_filing", says="own_filing_taken_in")
DESK_ONLY: Final = problem("actor", "reception_records_paper")
HOUR: Final = PAPER | {"received_at": "2026-11-25T08:00:00+07:00"}
SUBMISSIONS: Final[dict[str, tuple[dict[str, Any], Problem]]] = {
    "an applicant at the counter": ({"channel": "counter", "actor": APPLICANT}, OWN),
    "a specialist": ({"channel": "counter", "actor": SPECIALIST}, DESK_ONLY),
    "another agency's reception": ({"channel": "counter", "actor": ELSEWHERE}, DESK_ONLY),
    "the agency's own reception for another desk": (AT_DESK | {"actor": RECEPTION}, DESK_ONLY),
    "who stands for the company that files": (PAPER | {"applicant": COMPANY}, OWN),
    "an officer online": ({"actor": RECEPTION}, problem("actor.role", "applicant_files_online")),
    "a representative of nobody": ({"authorisation": None}, problem("authorisation", "authorisation_required")),
    "a desk online": ({"desk": DESK}, problem("desk", "desk_takes_paper")),
    "received long ago": (EARLY, problem("received_at", "received_too_early")),
    "received tomorrow": (LATE, problem("received_at", "in_the_future", says="receipt_in_the_future")),
    "received at the counter, before": (HOUR, problem("received_at", "received_now")),
    "assisted online": ({"assisted": FILE}, problem("assisted", "assisted_at_the_counter")),
}

HANDLED: Final = problem("actor.subject", "own_filing")
PROPOSED_IT: Final = problem("actor.subject", "four_eyes")
OTHER_AGENCY: Final = problem("actor.agency", "other_agency")
INTAKE: Final = {"reason": "không thuộc thẩm quyền", "legal_basis": "Đ17"}
ENDED: Final = {"mode": "end", "reason": "giả mạo", "legal_basis": "Đ19"}
COMMANDS: Final[dict[str, tuple[Callable[[], Life], str, Actor, dict[str, Any], Problem]]] = {
    "the officer's own filing": (Life, "accept", officer(Role.RECEPTION, "an"), {}, HANDLED),
    "who filed it as a representative": (Life, "accept", officer(Role.RECEPTION, "binh"), {}, HANDLED),
    "who stands for the company that files": (lambda: Life(applicant=COMPANY), "accept", RECEPTION, {}, HANDLED),
    "the proposer claims the decision": (proposed, "claim", DUAL, {}, PROPOSED_IT),
    "another officer has it": (claimed, "accept", officer(Role.RECEPTION, "reception-2"), {}, TAKEN),
    "another agency's": (Life, "accept", ELSEWHERE, {}, OTHER_AGENCY),
    "what another desk takes in": (lambda: Life(**NO_PAPERS_AT_DESK), "refuse_intake", RECEPTION, INTAKE, OTHER_AGENCY),
    "an incomplete dossier is taken in": (
        *(lambda: Life(**PAPER | {"papers": ()}), "accept", RECEPTION, {}),
        problem("", "dossier_incomplete", codes="identity"),
    ),
    "a specialist takes in": (Life, "accept", SPECIALIST, {}, RECEPTIONS),
    "a leader ends it alone, and does not say why": (
        *(lambda: Life().accepted().do("claim", SPECIALIST), "stop", LEADER, ENDED),
        problem("unproposed_reason", "reason_required", says="unproposed_reason_required"),
    ),
}
REASSIGNED: Final[dict[str, tuple[Callable[[], Life], dict[str, str], Problem]]] = {
    "the proposer is given the decision": (proposed, {"officer": "specialist-1"}, problem("officer", "four_eyes")),
    "the applicant's side is given the task": (
        *(Life, {"officer": "binh"}),
        problem("officer", "own_filing", says="not_given.own_filing"),
    ),
    "the substitute proposed what the absent leader was to decide": (
        *(lambda: proposed().do("claim", LEADER), {"officer": "specialist-1", "acting_for": "leader-1"}),
        problem("officer", "four_eyes"),
    ),
    "a substitute is given what somebody else has claimed": (
        *(claimed, {"officer": "reception-2", "acting_for": "reception-3"}),
        problem("acting_for", "not_their_task", says="not_given.not_their_task"),
    ),
    "who is back acts for themselves": (
        *(Life, {"officer": "reception-2", "acting_for": "reception-2"}),
        problem("acting_for", "not_for_oneself", says="not_given.not_for_oneself"),
    ),
}


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_a_submission_that_the_desk_must_not_take(name: str) -> None:
    changes, expected = SUBMISSIONS[name]
    assert submitted(**changes) == [expected]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_of_somebody_who_must_not_give_it(name: str) -> None:
    life, kind, actor, said, expected = COMMANDS[name]
    assert refused(life(), kind, actor, **said) == [expected]


@pytest.mark.parametrize("name", REASSIGNED)
def test_a_task_that_somebody_must_not_be_given(name: str) -> None:
    life, given, expected = REASSIGNED[name]
    assert refused(life(), "reassign", TEAM_LEAD, **given) == [expected]


WARD: Final = AgencyName(agency="H01.12", name=Text(vi="UBND phường Hồng Hà", en="Hong Ha Ward"))


def test_who_does_not_decide_it_says_who_does() -> None:
    decided = not_competent((AgencyKind.COMMUNE,), (WARD,)).message
    assert decided.vi.endswith("do Ủy ban nhân dân cấp xã giải quyết; hãy nộp tại: H01.12 (UBND phường Hồng Hà)")
    assert decided.en.endswith("decided by: commune people's committee; file with: H01.12 (Hong Ha Ward)")
    nobody = not_competent((AgencyKind.TAX, AgencyKind.LAND_OFFICE), ())
    assert (nobody.field, nobody.rule) == ("agency", "not_competent")
    assert nobody.message.vi == (
        "thủ tục này do cơ quan thuế, Văn phòng đăng ký đất đai giải quyết; danh bạ chưa có cơ quan nào như thế"
    )
    assert nobody.message.en.endswith("decided by: tax office, land registration office; the directory has none")
