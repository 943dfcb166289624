"""A filing passes to the competent agency: the changed parts, the unchanged parts, and the refusals."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from rules.causes import papers_of
from rules.complaint.grounds import Above, whose_act
from rules.filing import lifecycle, projections
from rules.filing.queues import agencies
from rules.papers.hands import hands
from rules.papers.register import COLUMNS, Known, entry, shown
from rules.refund import claims
from rules.refund.claims import number_of
from rules.require import require
from rules.streams import FILING
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.filing.events import Accountable, Partner
from schemas.filing.state import Filing, PartStage, Stage
from schemas.papers.state import PaperKind
from schemas.people import Actor, Role
from schemas.publishing.fact import AgencyName
from schemas.stream.snapshots import FilingMemory
from schemas.translate import said
from tests.unit.complaint.disputes import grounds_of
from tests.unit.filing.clocks import supplied
from tests.unit.filing.fees import paid
from tests.unit.filing.lives import (
    ADDRESS,
    AGENCY,
    APPLICANT,
    AT_DESK,
    CASHIER,
    DECIDE,
    DESK,
    LEADER,
    PAPER,
    PARTS,
    RECEPTION,
    SPECIALIST,
    VIA,
    Life,
    fee,
    officer,
    procedure,
)
from tests.unit.filing.shapes import SILENT

TO: Final = "H01.13"
WHY: Final = {"to": TO, "reason": "thửa đất ở xã khác", "legal_basis": "NĐ 118/2025"}
OPERATOR: Final = officer(Role.OPERATOR)


def there(role: Role) -> Actor:
    return officer(role, agency=TO)


def passed(life: Life, actor: Actor = LEADER, **found: Any) -> Life:
    """Passes the filing on with these facts from the directory, as its workflow does."""
    facts = cm.Destination(**found)
    life.give(cm.PassOnTo(command_id=f"on-{len(life.log)}", actor=actor, via=VIA, destination=facts, **WHY))
    return life


def refused(life: Life, actor: Actor = LEADER, **found: Any) -> list[tuple[str, str]]:
    try:
        passed(life, actor, **found)
    except RefusalError as no:
        return [(problem.field, problem.rule) for problem in no.refusal.problems]
    return []


def test_from_the_event_on_the_new_agency_acts_and_the_clocks_go_on() -> None:
    life = Life().accepted().do("claim", SPECIALIST)
    ringing = life.ringing
    passed(life.wait(hours=1))
    assert (life.filing.agency, life.filing.passed_from, life.ringing) == (TO, AGENCY, ringing)
    assert require(FILING.all_rows(life.filing).row)["had_by"] == [AGENCY], "it stays in the register of that agency"
    assert (life.filing.officer, life.filing.code, life.stage) == (None, "dossier-1", "review")
    assert {task.agency for task in lifecycle.tasks(life.filing, life.now)} == {TO}
    assert life.refusal("claim", SPECIALIST) == [("actor.agency", "other_agency")]
    life.do("claim", there(Role.SPECIALIST)).do("propose", there(Role.SPECIALIST), outcome="approved")
    assert life.refusal("decide", LEADER, outcome="approved") == [("actor.agency", "other_agency")]
    assert projections.view(life.filing, life.now, life.now).passed_from == AGENCY


def test_the_rows_of_the_new_agency_are_written() -> None:
    before = Life().accepted()
    whole = FILING.changed_rows(before.filing, before.filing)
    assert whole.standing is None, "unchanged"
    old = before.filing
    assert FILING.changed_rows(old, passed(before).filing).standing is not None, "it names the agency"


def test_the_desk_passes_on_at_its_intake_and_a_leader_later() -> None:
    assert refused(Life(), RECEPTION) == []
    assert refused(Life(), APPLICANT) == [("actor.role", "role_not_allowed")]
    assert refused(Life().accepted(), RECEPTION) == [("actor.role", "role_not_allowed")]
    assert refused(Life().accepted()) == []
    assert refused(Life(), officer(Role.RECEPTION, agency=TO)) == [("actor.agency", "other_agency")]


REFUSED: Final[list[tuple[dict[str, Any], str]]] = [
    ({"known": False}, "unknown_agency"),
    ({"led": False}, "no_leader_there"),
    ({"closed_for": "H01.14"}, "agency_closed"),
    ({"elsewhere": (AgencyName(agency="H01.14", name={"vi": "Sở", "en": "Department"}),)}, "not_competent"),
    ({"only_in": {"province": "H56", "name": {"vi": "Huế", "en": "Hue"}}}, "only_in_province"),
]


@pytest.mark.parametrize(("found", "rule"), REFUSED)
def test_an_agency_that_may_not_have_it_is_refused_with_its_rule(found: dict[str, Any], rule: str) -> None:
    assert refused(Life().accepted(), **found) == [("to", rule)]


def test_an_operator_passes_on_for_a_closed_agency_alone_and_to_its_successor() -> None:
    assert refused(Life().accepted(), OPERATOR) == [("to", "not_the_successor")]
    assert refused(Life().accepted(), OPERATOR, heir="H01.14") == [("to", "not_the_successor")]
    assert refused(Life().accepted(), OPERATOR, heir=TO) == []
    assert Life().refusal("pass_on", LEADER, **WHY | {"to": AGENCY}) == [("to", "passed_to_itself")]


def _waits_for_fee() -> Life:
    return Life(procedure(fee=fee())).accepted()


def _waits_for_more() -> Life:
    items = [{"target": "paper", "code": "identity", "note": "mờ"}]
    return Life().do("request_supplement", RECEPTION, items=items, legal_basis="NĐ 61/2018")


def _to_be_collected() -> Life:
    return Life(result_channel="counter").accepted().decided().issued()


@pytest.mark.parametrize(
    ("life", "stage"),
    [
        (Life, Stage.INTAKE),
        (_waits_for_more, Stage.SUPPLEMENT),
        (_waits_for_fee, Stage.FEE),
        (lambda: Life().accepted(), Stage.REVIEW),
        (_to_be_collected, Stage.PICKUP),
    ],
)
def test_it_goes_at_every_stage_and_stays_there(life: Callable[[], Life], stage: Stage) -> None:
    one = life()
    due = {clock: at for clock, at in one.ringing.items() if clock != "payment"}
    assert one.stage == stage
    passed(one)
    assert (one.stage, one.filing.agency) == (stage, TO)
    assert due.items() <= one.ringing.items(), "the applicant loses no time"


def test_while_the_result_is_made_it_stays() -> None:
    life = Life().accepted().decided()
    assert (life.stage, refused(life)) == ("issue", [("", "wrong_stage")])


def test_a_fee_due_online_is_requested_anew_once_and_a_paid_one_stays() -> None:
    life = passed(_waits_for_fee())
    assert life.kinds[-2:] == ["passed_on", "fee_requested"]
    assert [(one.amount, str(one.state)) for one in life.filing.fees] == [(16_000, "cancelled"), (16_000, "due")]
    assert (life.filing.payments_to_cancel, [one.n for one in life.filing.fees_to_collect]) == ((1,), [2])
    assert agencies(life.filing, Role.CASHIER) == (TO, TO)
    assert life.refusal("pay_at_counter", CASHIER, amount=16_000) == [("actor.agency", "other_agency")]
    paid(life)
    again = passed(paid(_waits_for_fee()))
    assert [str(one.state) for one in again.filing.fees] == ["paid"], "nobody pays twice"
    assert again.filing.payments_to_cancel == ()


def test_cash_stays_with_the_agency_that_took_it() -> None:
    asked = Life(procedure(fee=fee(channels=("counter",)))).accepted()
    cash = number_of(1, 0)
    taken = passed(asked.do("pay_at_counter", CASHIER, amount=16_000))
    assert (claims.taken_by(taken.filing, cash), taken.filing.agency) == (AGENCY, TO)
    later = passed(Life(procedure(fee=fee(channels=("counter",)))).accepted())
    later.do("pay_at_counter", there(Role.CASHIER), amount=16_000)
    assert claims.taken_by(later.filing, cash) == TO


def test_while_the_post_collects_the_fee_it_stays_with_the_agency_that_sent_the_parcel() -> None:
    rules = procedure(level=3, fee=fee("result", ("post", "counter")))
    life = Life(rules, result_channel="post", fee_channel="post", address=ADDRESS).accepted().decided().issued()
    assert (life.stage, refused(life)) == ("delivery", [("", "fee_with_the_post")])
    assert refused(life.do("settle_parcel", n=1, outcome="returned")) == []


def test_the_papers_go_with_it_and_the_new_agency_signs_for_them() -> None:
    life = passed(Life(**PAPER))
    assert (life.filing.under_way, life.filing.at_desk) == (("identity",), ())
    assert "transfer" in life.ringing
    life.do("receive_dossier", there(Role.RECEPTION))
    assert (life.filing.under_way, "transfer" in life.ringing) == ((), False)
    assert passed(Life()).filing.under_way == (), "online there are none"


def test_another_agencys_desk_goes_on_receiving_if_the_directory_lets_it() -> None:
    kept = passed(Life(**AT_DESK))
    assert (kept.filing.desk, kept.filing.at_desk) == (DESK, ("identity",))
    gone = passed(Life(**AT_DESK), no_desks=(DESK,))
    assert (gone.filing.desk, gone.filing.at_desk, gone.filing.under_way) == (None, (), ("identity",))


def test_parts_not_referred_yet_and_who_answers_for_silence_are_the_new_agencys() -> None:
    named: dict[str, Any] = {
        "partners": (Partner(part="residence", agency="H02.31"), Partner(part="insurance", agency="H02.60"))
    }
    life = Life(procedure(review=[PARTS, DECIDE]), **PAPER)
    assert [part.stage for part in life.filing.parts] == [PartStage.REFERRED, PartStage.PLANNED]
    assert refused(life) == [("to", "no_partner_there")]
    passed(life, accountable=Accountable(silent="h02.leader"), **named)
    assert [part.agency for part in life.filing.parts] == ["H01.31", "H02.60"], "the referred one answers where it is"
    assert life.filing.procedure.silent_officer == "h02.leader"


@pytest.mark.parametrize("signs", [True, False])
def test_the_new_agencys_officers_sign_the_result_where_they_sign_theirs(*, signs: bool) -> None:
    assert bool(passed(Life(), signs=signs).filing.signs) is signs


def test_where_nobody_answers_for_silence_an_apology_is_drafted_in_time() -> None:
    def moments(life: Life) -> set[str]:
        return {moment for clock, moment, _ in life.tells if clock == "processing"}

    life = Life(procedure(**SILENT)).accepted()
    assert moments(life) == {"reminder", "due"}
    assert moments(passed(life)) == {"reminder", "apology", "due"}


def test_results_keep_the_agency_that_issued_them() -> None:
    life = passed(_to_be_collected())
    [row] = projections.results(life.filing)
    assert row["agency"] == AGENCY
    assert agencies(life.filing, Role.HANDOVER) == (TO,)


def test_the_applicant_gets_a_notice_of_it() -> None:
    event = passed(supplied(_waits_for_more())).log[-1].event
    assert papers_of(event) == (PaperKind.CORRECTION,)


def test_an_older_snapshot_was_never_passed_on() -> None:
    state = Life().filing.model_dump(mode="json")
    assert ("had_by" in state, Filing.model_validate(state).passed_from) == (False, None)


def test_an_act_is_complained_about_where_it_was_done() -> None:
    life = passed(Life().accepted()).do("claim", there(Role.SPECIALIST))
    acts = {recorded.event.kind: recorded.seq for recorded in life.log}
    begun = life.filing.model_copy(update={"agency": AGENCY})
    whose = {kind: whose_act(begun, life.log, seq) for kind, seq in acts.items()}
    assert whose == {
        "submitted": AGENCY,
        "accepted": AGENCY,
        "step_started": AGENCY,
        "passed_on": AGENCY,
        "claimed": TO,
    }
    seq = acts["accepted"]
    assert grounds_of(life, seq, above=Above("H01")).agency == TO, "unless the directory says whose act it was"
    assert grounds_of(life, seq, above=Above("H01", first=AGENCY)).agency == AGENCY


def test_the_register_says_from_where_to_where_and_when() -> None:
    life = passed(Life().accepted())
    line = entry(1, life.log, life.filing, Known(said("role.leader")), life.now)
    assert [(one.origin, one.to, one.at) for one in line.passed] == [(AGENCY, TO, life.log[-1].at)]
    [note] = [column.cell(line) for column in COLUMNS if column.title == said("paper.note")]
    assert str(note).endswith(f"chuyển từ {AGENCY} đến {TO} lúc {shown(life.log[-1].at)}")


def test_the_control_slip_begins_with_the_first_agency() -> None:
    life = passed(Life().accepted().do("claim", SPECIALIST))
    held = [hand.agency for hand in hands(life.log, life.filing, life.now) if hand.role in {"reception", "specialist"}]
    assert held == [AGENCY, AGENCY, AGENCY, TO]


def test_a_restart_folds_what_an_older_run_handed_over() -> None:
    memory = FilingMemory.model_validate({"queue": "q", "checked": True})
    assert (memory.office, "office" in memory.model_dump()) == (None, False)
