"""Who is refused, and in which words: competence, reception, hands kept apart. Each row is a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from rules.filing.competence import not_competent
from schemas.agency import AgencyKind, AgencyName
from schemas.base import Text
from schemas.errors import Problem, RefusalError
from schemas.filing import commands as cm
from schemas.people import Actor, Role
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


def problem(field: str, rule: str, vi: str, en: str) -> Problem:
    return Problem(field=field, rule=rule, message=Text(vi=vi, en=en))


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


DUAL: Final = officer(Role.LEADER, "specialist-1")
"""Who proposes, as a leader too."""

SUBMISSIONS: Final[dict[str, tuple[dict[str, Any], Problem]]] = {
    "an applicant at the counter": (
        {"channel": "counter", "actor": APPLICANT},
        problem(
            "actor.subject",
            "own_filing",
            "cán bộ không tiếp nhận hồ sơ của chính mình, hoặc của tổ chức mà mình đại diện",
            "an officer does not take in their own filing, or that of an organisation that they stand for",
        ),
    ),
    "a specialist": (
        {"channel": "counter", "actor": SPECIALIST},
        problem(
            "actor",
            "reception_records_paper",
            "hồ sơ giấy do cán bộ một cửa của cơ quan tiếp nhận ghi vào hệ thống",
            "a paper filing is recorded by a reception officer of the agency whose desk receives it",
        ),
    ),
    "another agency's reception": (
        {"channel": "counter", "actor": ELSEWHERE},
        problem(
            "actor",
            "reception_records_paper",
            "hồ sơ giấy do cán bộ một cửa của cơ quan tiếp nhận ghi vào hệ thống",
            "a paper filing is recorded by a reception officer of the agency whose desk receives it",
        ),
    ),
    "the agency's own reception for another desk": (
        AT_DESK | {"actor": RECEPTION},
        problem(
            "actor",
            "reception_records_paper",
            "hồ sơ giấy do cán bộ một cửa của cơ quan tiếp nhận ghi vào hệ thống",
            "a paper filing is recorded by a reception officer of the agency whose desk receives it",
        ),
    ),
    "who stands for the company that files": (
        PAPER | {"applicant": COMPANY},
        problem(
            "actor.subject",
            "own_filing",
            "cán bộ không tiếp nhận hồ sơ của chính mình, hoặc của tổ chức mà mình đại diện",
            "an officer does not take in their own filing, or that of an organisation that they stand for",
        ),
    ),
    "an officer online": (
        {"actor": RECEPTION},
        problem(
            "actor.role",
            "applicant_files_online",
            "hồ sơ trực tuyến do người nộp hoặc người đại diện nộp",
            "an online filing is made by the applicant or a representative",
        ),
    ),
    "a representative of nobody": (
        {"authorisation": None},
        problem(
            "authorisation",
            "authorisation_required",
            "người đại diện nộp hồ sơ phải có giấy ủy quyền; hãy gửi kèm tệp",
            "a representative files under an authorisation; add its file",
        ),
    ),
    "a desk online": (
        {"desk": DESK},
        problem(
            "desk",
            "desk_takes_paper",
            "chỉ ghi nơi tiếp nhận cho hồ sơ giấy; hồ sơ trực tuyến vào thẳng cơ quan giải quyết",
            "a desk receives paper filings; what is filed online goes straight to the agency that decides",
        ),
    ),
    "received long ago": (
        EARLY,
        problem(
            "received_at",
            "received_too_early",
            "trước ngày làm việc gần nhất: do lãnh đạo ghi",
            "earlier than the last working day: a leader records it",
        ),
    ),
    "received tomorrow": (
        LATE,
        problem(
            "received_at",
            "in_the_future",
            "thời điểm nhận hồ sơ ở tương lai",
            "the moment of receipt lies in the future",
        ),
    ),
    "received at the counter, before": (
        PAPER | {"received_at": "2026-11-25T08:00:00+07:00"},
        problem(
            "received_at",
            "received_now",
            "chỉ ghi thời điểm nhận cho hồ sơ qua bưu chính; tại quầy là lúc ghi, trực tuyến là lúc máy chủ nhận",
            "a moment of receipt is given for a dossier by post; at the counter it is now, online the server's",
        ),
    ),
    "assisted online": (
        {"assisted": FILE},
        problem(
            "assisted",
            "assisted_at_the_counter",
            "chỉ nộp hộ cho người có mặt tại quầy, đọc lại cho họ nghe và họ ký",
            "only for somebody at the counter a filing is filled in, read back and signed for",
        ),
    ),
}
COMMANDS: Final[dict[str, tuple[Callable[[], Life], str, Actor, dict[str, Any], Problem]]] = {
    "the officer's own filing": (
        Life,
        "accept",
        officer(Role.RECEPTION, "an"),
        {},
        problem(
            "actor.subject",
            "own_filing",
            "cán bộ không giải quyết hồ sơ của chính mình, hoặc hồ sơ mà mình đại diện",
            "an officer does not handle their own filing, or one that they represent",
        ),
    ),
    "who filed it as a representative": (
        Life,
        "accept",
        officer(Role.RECEPTION, "binh"),
        {},
        problem(
            "actor.subject",
            "own_filing",
            "cán bộ không giải quyết hồ sơ của chính mình, hoặc hồ sơ mà mình đại diện",
            "an officer does not handle their own filing, or one that they represent",
        ),
    ),
    "who stands for the company that files": (
        lambda: Life(applicant=COMPANY),
        "accept",
        RECEPTION,
        {},
        problem(
            "actor.subject",
            "own_filing",
            "cán bộ không giải quyết hồ sơ của chính mình, hoặc hồ sơ mà mình đại diện",
            "an officer does not handle their own filing, or one that they represent",
        ),
    ),
    "the proposer claims the decision": (
        proposed,
        "claim",
        DUAL,
        {},
        problem(
            "actor.subject",
            "four_eyes",
            "người đề xuất, hoặc được người khác đề xuất thay, không được là người quyết định",
            "neither who proposed nor in whose place it was proposed can be the one who decides",
        ),
    ),
    "the proposer is given the decision": (
        proposed,
        "reassign",
        TEAM_LEAD,
        {"officer": "specialist-1"},
        problem(
            "officer",
            "four_eyes",
            "người đề xuất, hoặc được người khác đề xuất thay, không được là người quyết định",
            "neither who proposed nor in whose place it was proposed can be the one who decides",
        ),
    ),
    "the applicant's side is given the task": (
        Life,
        "reassign",
        TEAM_LEAD,
        {"officer": "binh"},
        problem(
            "officer",
            "own_filing",
            "cán bộ không giải quyết hồ sơ của chính mình, hoặc hồ sơ mà mình đại diện; chọn cán bộ khác",
            "an officer does not handle their own filing, or one that they represent; choose another",
        ),
    ),
    "the substitute proposed what the absent leader was to decide": (
        lambda: proposed().do("claim", LEADER),
        "reassign",
        TEAM_LEAD,
        {"officer": "specialist-1", "acting_for": "leader-1"},
        problem(
            "officer",
            "four_eyes",
            "người đề xuất, hoặc được người khác đề xuất thay, không được là người quyết định",
            "neither who proposed nor in whose place it was proposed can be the one who decides",
        ),
    ),
    "a substitute is given what somebody else has claimed": (
        lambda: Life().do("claim", RECEPTION),
        "reassign",
        TEAM_LEAD,
        {"officer": "reception-2", "acting_for": "reception-3"},
        problem(
            "acting_for",
            "not_their_task",
            "việc này không phải của cán bộ vắng mặt đó: chưa ai nhận, người khác đã nhận, hoặc họ làm thay người khác",
            "this is no task of that absent officer: nobody has it, somebody else does, or they act for another",
        ),
    ),
    "who is back acts for themselves": (
        Life,
        "reassign",
        TEAM_LEAD,
        {"officer": "reception-2", "acting_for": "reception-2"},
        problem(
            "acting_for",
            "not_for_oneself",
            "không ai xử lý thay chính mình; giao lại việc thì không ghi người vắng mặt",
            "nobody acts for themselves; a task is given back without saying for whom",
        ),
    ),
    "another officer has it": (
        lambda: Life().do("claim", RECEPTION),
        "accept",
        officer(Role.RECEPTION, "reception-2"),
        {},
        problem("", "claimed_by_other", "việc đã có cán bộ khác nhận", "another officer has claimed this task"),
    ),
    "another agency's": (
        Life,
        "accept",
        ELSEWHERE,
        {},
        problem("actor.agency", "other_agency", "hồ sơ thuộc cơ quan khác", "the filing belongs to another agency"),
    ),
    "the agency's own reception, of what another desk takes in": (
        lambda: Life(**AT_DESK | {"papers": ()}),
        "refuse_intake",
        RECEPTION,
        {"reason": "không thuộc thẩm quyền", "legal_basis": "Đ17"},
        problem("actor.agency", "other_agency", "hồ sơ thuộc cơ quan khác", "the filing belongs to another agency"),
    ),
    "an incomplete dossier is taken in": (
        lambda: Life(**PAPER | {"papers": ()}),
        "accept",
        RECEPTION,
        {},
        problem(
            "",
            "dossier_incomplete",
            "hồ sơ còn thiếu: identity; hãy yêu cầu bổ sung, hoặc từ chối tiếp nhận",
            "the dossier still lacks: identity; ask for it, or refuse to take the filing in",
        ),
    ),
    "a specialist takes in": (
        Life,
        "accept",
        SPECIALIST,
        {},
        problem("actor.role", "role_not_allowed", "việc này của: cán bộ tiếp nhận", "this is done by: reception"),
    ),
    "a leader ends it alone, and does not say why": (
        lambda: Life().accepted().do("claim", SPECIALIST),
        "stop",
        LEADER,
        {"mode": "end", "reason": "giả mạo", "legal_basis": "Đ19"},
        problem(
            "unproposed_reason",
            "reason_required",
            "chuyên viên không đề xuất từ chối: lãnh đạo phải nêu căn cứ tự dừng giải quyết",
            "no specialist proposes a refusal: say on what ground the leader alone ends the filing",
        ),
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


WARD: Final = AgencyName(agency="H01.12", name=Text(vi="UBND phường Hồng Hà", en="Hong Ha Ward"))


@pytest.mark.parametrize(
    ("kinds", "deciding", "vi", "en"),
    [
        (
            (AgencyKind.COMMUNE,),
            (WARD,),
            "thủ tục này do Ủy ban nhân dân cấp xã giải quyết; hãy nộp tại: H01.12 (UBND phường Hồng Hà)",
            "this procedure is decided by: commune people's committee; file with: H01.12 (Hong Ha Ward)",
        ),
        (
            (AgencyKind.TAX, AgencyKind.LAND_OFFICE),
            (),
            "thủ tục này do cơ quan thuế, Văn phòng đăng ký đất đai giải quyết; danh bạ chưa có cơ quan nào như thế",
            "this procedure is decided by: tax office, land registration office; the directory has none",
        ),
    ],
)
def test_who_does_not_decide_it_says_who_does(
    kinds: tuple[AgencyKind, ...], deciding: tuple[AgencyName, ...], vi: str, en: str
) -> None:
    assert not_competent(kinds, deciding) == problem("agency", "not_competent", vi, en)
