"""An applicant dies: the filing waits, the successor takes over the rights, and the record verifies."""

from typing import Any, Final

from activities.ledger.vault import Vault
from motcua import NotAllowed
from rules.streams import FILING
from schemas.filing import commands as cm
from schemas.filing.state import Closing, FeeState, Stage
from schemas.ids import filing_workflow
from schemas.people import Actor, Applicant, Role
from tests.acting import EXTRACT, FILE, NEVER_PAYS, Play, broken, eventually, extract, publish_changed
from tests.conftest import World
from tests.sound import sound
from tests.workflow.complaints import complained
from views.access import about

HEIR: Final = Applicant(subject="cuc", name="Nguyễn Thị Cúc", id_number="001199000003")
PASSES: Final[dict[str, Any]] = {
    "limit": "60 calendar days",
    "evidence": {"vi": "Văn bản thừa kế", "en": "Document on the inheritance"},
    "source": "unconfirmed",
}


async def test_what_was_the_dead_applicants_is_the_successors(running: World) -> None:
    version = await publish_changed(running, EXTRACT, lambda fields: fields.update(succession=PASSES))
    play = await Play.accepted(running, extract(version=version, payer_account=NEVER_PAYS))
    await eventually(play.order, lambda order: order != {})
    reception, theirs = play.officer(Role.RECEPTION), Actor(subject=HEIR.subject, role=Role.APPLICANT)
    complaint, withdrawn = await complained(play, "accepted"), {"reason": "đổi ý"}
    await play.act(cm.RecordCessation, reception, evidence=FILE)
    await play.at(Stage.SUCCESSION)
    ceased = [("", "applicant_ceased")]
    assert await broken(play.give(complaint, cm.Withdraw, play.submission.actor, **withdrawn), NotAllowed) == ceased
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds[-1] == "payment_cancelled")
    assert await broken(play.withdraw(), NotAllowed) == ceased
    await play.act(cm.Succeed, reception, applicant=HEIR, evidence=FILE)
    [(_, rule)] = await broken(play.give(complaint, cm.Withdraw, play.submission.actor, **withdrawn), NotAllowed)
    assert rule == "not_the_applicant"
    await play.give(complaint, cm.Withdraw, reception, **withdrawn, request=FILE)
    view = await play.at(Stage.FEE)
    assert (view.fee and view.fee.n, view.fee and view.fee.state) == (2, FeeState.DUE)
    stream = filing_workflow(play.filing)
    async with running.connection() as connection:
        vault = Vault(running.settings.master)
        seen = (await about(connection, vault.find, FILING, stream, theirs)).facts
        assert seen is not None
        assert (seen.applicant, seen.representative) == (HEIR.subject, None)
        person = await vault.person(connection, HEIR.id_number)
        assert await connection.fetchval("select person from filing where filing_id = $1", play.filing) == person
        bodies = await connection.fetch("select body from event where stream = $1", stream)
    assert not any(HEIR.id_number.encode() in row["body"] for row in bodies)
    await play.act(cm.Withdraw, theirs, reason="đổi ý")
    await play.at(Stage.CLOSED)
    await sound(running)


async def test_where_the_right_does_not_pass_on_it_ends_with_its_money_to_be_decided(running: World) -> None:
    play = await Play.accepted(running, extract())
    await play.at(Stage.REVIEW)
    await play.act(cm.RecordCessation, play.officer(Role.RECEPTION), evidence=FILE)
    assert (await play.at(Stage.CLOSED)).closing is Closing.LAPSED
    await eventually(lambda: play.kinds("refund", 1001), lambda kinds: "refund_undecided" in kinds)
    await sound(running)
