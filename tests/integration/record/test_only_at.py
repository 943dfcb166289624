"""A command with `only_at` is accepted only while no person has changed the stream since that event."""

from motcua import ChangedMeanwhile
from schemas.filing import commands as cm
from schemas.people import Role
from tests.acting import Play, birth, broken, eventually, extract
from tests.conftest import World

CHANGED = [("only_at", "changed_meanwhile")]


async def test_it_is_refused_after_a_persons_event_and_says_whose_role_as_the_timeline_would(office: World) -> None:
    play = await Play.begin(office, birth())
    one, two = (play.officer(Role.RECEPTION, n) for n in (1, 2))
    taken = await play.act(cm.Claim, one, command_id="mine", only_at=1)
    assert taken.seq == 2
    assert await play.act(cm.Claim, one, command_id="mine", only_at=1) == taken, "a repeat gets its receipt"
    told = {}
    for kind, actor, more in ((cm.Claim, two, {}), (cm.Withdraw, play.submission.actor, {"reason": "đổi ý"})):
        try:
            await play.act(kind, actor, only_at=1, **more)
        except ChangedMeanwhile as error:
            told[actor.role] = error.refusal.problems[0].message.en
    assert await broken(play.act(cm.Claim, two, only_at=1), ChangedMeanwhile) == CHANGED
    assert set(told) == {Role.RECEPTION, play.submission.actor.role}, "also what the rules would have refused"
    assert all("event 2 " in words for words in told.values())
    assert ["recept" in told[role].lower() for role in (Role.RECEPTION, play.submission.actor.role)] == [True, False]
    assert (await play.act(cm.Release, one, only_at=2)).seq == 3


async def test_the_systems_own_events_do_no_harm(office: World) -> None:
    play = await Play.accepted(office, extract())
    by_whom = "select max(seq), max(seq) filter (where convert_from(actor, 'UTF8')::jsonb ->> 'role' <> 'system')"

    async def heads() -> tuple[int, int]:
        [row] = await office.fetch(f"{by_whom} from event where stream = $1", f"filing:{play.filing}")
        return row[0], row[1]

    head, person = await eventually(heads, lambda found: found[0] > found[1])
    claimed = await play.act(cm.Claim, play.officer(Role.SPECIALIST), only_at=person)
    assert claimed.seq > head > person
