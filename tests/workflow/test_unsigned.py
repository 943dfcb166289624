"""Nothing is issued without the agency's signature: no result, no correction, and no file of the agency's own."""

from activities.results.signed import SignedFiles
from motcua import BackOffice
from sandbox.presigned import signed_file
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.reading import AskTasks
from schemas.result.commands import CorrectResult
from tests.acting import AGENCY, eventually
from tests.conftest import World
from tests.integration.signature.party import printed
from tests.workflow.results import LEADER, WHY, act, await_reported_failure, decided, looked, register, set_up, signers
from workers import trust
from workers.wiring import open_pool


async def test_a_filing_whose_file_nobody_has_signed_stops_where_the_team_lead_sees_it(world: World) -> None:
    async with world.platform(), world.back_office(BackOffice()):
        play = await decided(world)
        kinds = await eventually(play.kinds, lambda kinds: kinds[-1] == "machine_work_failing")
        found = await world.client.tasks(AskTasks(agency=AGENCY, role=Role.TEAM_LEAD))
    assert "result_issued" not in kinds
    assert await register(play) == []
    assert "machine_work:issue" in [one.name for one in found.rows]
    assert "result_not_signed" in (await looked(world)).what.en


async def test_a_correction_that_nobody_signs_is_in_force_once_the_directory_names_who_signs(running: World) -> None:
    play = await decided(running)
    await play.at(Stage.CLOSED)
    await act(play, CorrectResult, LEADER, **WHY)
    await await_reported_failure(play)
    assert "result_not_signed" in (await looked(running)).what.en
    assert await register(play) == [("K0000001", "in_force"), ("K0000002", "making")]
    await set_up(running, signers())
    corrected = [("K0000001", "replaced"), ("K0000002", "in_force")]
    assert await eventually(lambda: register(play), lambda found: found == corrected, within=60)
    assert (await play.kinds("result", 1)).count("signers_named") == 1


async def test_an_agencys_own_file_is_issued_only_if_the_agency_has_signed_it(world: World) -> None:
    good = await signed_file(world.env)
    altered, bare = good.replace(b"/MediaBox", b"/MediaBax", 1), printed()
    asked = [(AGENCY, good), (AGENCY, bare), (AGENCY, b"words"), (AGENCY, altered), ("H99.99", good), (AGENCY, good)]
    async with open_pool(world.settings) as pool, trust.signing(world.settings) as (_, lasting):
        verifier = SignedFiles(pool, lasting)
        assert [await verifier.fault(agency, file) for agency, file in asked] == [
            *(None, "result_not_signed", "result_not_signed", "signed_form_changed", "signer_is_other", None)
        ]
        assert await SignedFiles(pool, None).fault(AGENCY, good) == "not_set_up"
