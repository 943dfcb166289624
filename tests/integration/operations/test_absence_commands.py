"""`motcua directory absence`, `motcua pass-over` and `motcua directory present`: what they print, and how they end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from rules.time.working_time import VIETNAM
from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import AGENCY, AUTHORISATION, Doubtful, Play, marriage, officer
from tests.conftest import World
from tests.shell import Shell

ILL, SUBSTITUTE = (officer(Role.SPECIALIST, n=n).subject for n in (1, 2))
TODAY: Final = datetime.now(VIETNAM).date()
UNTIL: Final = TODAY + timedelta(days=7)
ABSENCE: Final = ("directory", "absence", AGENCY, ILL, "specialist", "--from", str(TODAY), "--to", str(UNTIL))
PASS_OVER: Final = ("pass-over", ILL, "--actor", f"team_lead:{AGENCY.lower()}-team-lead-1@{AGENCY}")


async def test_an_absence_is_recorded_once_shown_changed_and_taken_back(shell: Shell) -> None:
    recorded = await shell(*ABSENCE, "--substitute", SUBSTITUTE, "--json")
    said = {"role": "specialist", "first_day": str(TODAY), "last_day": str(UNTIL), "substitute": SUBSTITUTE}
    assert (recorded.code, recorded.json) == (0, {"agency": AGENCY, "officer": ILL, "already": False} | said)
    assert "recorded already" in (await shell(*ABSENCE, "--substitute", SUBSTITUTE)).out
    listed = (await shell("directory", "list", "--json")).json
    [away] = [one["absences"] for agency in listed for one in agency["officers"] if one["subject"] == ILL]
    assert away == [said]
    assert SUBSTITUTE in (await shell("directory", "list")).out

    refused = await shell(*ABSENCE, "--substitute", ILL, "--json")
    assert (refused.code, [one["rule"] for one in refused.json["problems"]]) == (1, ["same_person"])
    assert "nobody is their own substitute" in refused.err
    assert "thay chính mình" not in refused.err
    assert (await shell(*ABSENCE[:-1], "tomorrow", "--substitute", SUBSTITUTE)).code == 2

    present = ("directory", "present", AGENCY, ILL, "specialist", "--from", str(TODAY), "--json")
    assert [(await shell(*present)).json for _ in range(2)] == [{"withdrawn": True}, {"withdrawn": False}]


async def test_all_tasks_pass_over_with_a_receipt_each_and_what_is_left_is_said(world: World, shell: Shell) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        plays = [await Play.begin(world, marriage(**own)) for own in ({}, OF_THE_SUBSTITUTE)]
        for play in plays:
            await play.accept()
            await play.act(cm.Claim, officer(Role.SPECIALIST))
        unknown = await shell(*PASS_OVER, "--json")
        assert (unknown.code, unknown.json["problems"][0]["rule"]) == (1, "not_absent")
        await shell(*ABSENCE, "--substitute", SUBSTITUTE)

        first, again = [await shell(*PASS_OVER, "--json") for _ in range(2)]
        assert [first.code, again.code] == [1, 1]
        told = {one["code"]: one for one in first.json}
        passed, left = [told[str(play.code)] for play in plays]
        assert (passed["outcome"], passed["receipt"]["code"], passed["substitute"]) == (
            "passed_over",
            plays[0].code,
            SUBSTITUTE,
        )
        assert (left["outcome"], left["receipt"], left["problems"][0]["rule"]) == ("refused", None, "own_filing")
        assert {one["code"]: one["outcome"] for one in again.json} == {
            plays[0].code: "already",
            plays[1].code: "refused",
        }
        assert "the substitute's already" in (await shell(*PASS_OVER)).out
        shown = await shell("tasks", "--officer", SUBSTITUTE)
        assert ILL in shown.out
        other = await shell("pass-over", ILL, "--actor", f"leader:{AGENCY.lower()}-leader-1@{AGENCY}", "--json")
        assert {rule for one in other.json for rule in [why["rule"] for why in one["problems"]]} == {"role_not_allowed"}


OF_THE_SUBSTITUTE: Final = {
    "actor": {"subject": SUBSTITUTE, "role": "representative"},
    "authorisation": AUTHORISATION,
}


async def test_who_left_is_erased_once_another_operator_approves(world: World, shell: Shell) -> None:
    erase = ("directory", "erase", AGENCY, ILL, "--reason", "15/PYC", "--as", "operator:h01.12-operator-1@H01.12")
    in_office = await shell(*erase)
    assert (in_office.code, "the officer is in office" in in_office.err) == (1, True)
    async with world.connection() as superuser:
        await superuser.execute("update officer set active = false where subject = $1", ILL)
        kept = await shell(*erase)
        assert (kept.code, "left less than 10 years ago" in kept.err) == (1, True)
        await superuser.execute("alter table event disable trigger all")
        await superuser.execute("update event set occurred_at = occurred_at - interval '2 days'")
    waits = await shell(*erase, "--json", MOTCUA_OFFICER_YEARS="0")
    assert (waits.code, waits.json["asked"]) == (3, 1)
