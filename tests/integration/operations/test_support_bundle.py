"""A support bundle has many facts about the system, none about persons, and no secret."""

import json
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest

from operations.commands.doctor import FIRST, THEN
from schemas.people import Actor, Applicant, Role
from tests.acting import Play, extract
from tests.conftest import World
from tests.shell import Shell

CANARY: Final = "CANARY"
OFFICER: Final = f"officer-{CANARY}"
PERSON: Final = Applicant(
    subject=f"{CANARY}@id.example", name=f"{CANARY} Nguyễn Thị An", id_number=CANARY, phone=f"{CANARY}-09", email=CANARY
)
ACTOR: Final = Actor(subject=PERSON.subject, role=Role.APPLICANT)
SECRET: Final = {
    "MOTCUA_POST_SECRET_KEY": CANARY,
    "MOTCUA_FILES_KEY": CANARY,
    "MOTCUA_CODEC_KEYS": json.dumps({CANARY: CANARY}),
    "MOTCUA_PROVIDERS": json.dumps({"vnpay": {"secret": CANARY}}),
    "MOTCUA_OWNER_DATABASE_URL": f"postgresql://motcua_owner:{CANARY}@127.0.0.1:1/motcua",
    "MOTCUA_BANK_URL": f"http://{CANARY}:{CANARY}@127.0.0.1:1/?key={CANARY}",
    "MOTCUA_TYPO": CANARY,
}


def opened(file: Path) -> dict[str, Any]:
    with tarfile.open(file) as bundle:
        names = bundle.getnames()
        return {name: json.load(content) for name in names if (content := bundle.extractfile(name)) is not None}


@pytest.mark.usefixtures("running")
async def test_a_bundle_counts_much_and_names_no_person_and_no_secret(
    world: World, shell: Shell, tmp_path: Path
) -> None:
    form = {"kind": "birth", "person_name": f"{CANARY} Nguyễn Văn An", "copies": 2}
    play = await Play.begin(world, extract(applicant=PERSON, actor=ACTOR, form=form))
    await play.accept()
    await world.execute("update officer set subject = $1 where subject = 'h01.12-specialist-1'", OFFICER)
    absent = "insert into absence (agency, subject, role, first_day, last_day, substitute) "
    days = "current_date - 9, current_date + 9"
    await world.execute(f"{absent} values ('H01.12', $1, 'specialist', {days}, 'h01.12-specialist-2')", OFFICER)
    task = "insert into task values ($1, 'appraise', 'specialist', 'H01.12', $2, '{propose}', null, false, 'x')"
    await world.execute(task, play.filing, OFFICER)

    file = tmp_path / "motcua.tar"
    ended = await shell("support-bundle", file, **SECRET)
    assert ended.code == 0, ended.err
    facts = opened(file)
    assert facts.keys() == {"counts.json", "doctor.json", "settings.json", "versions.json"}
    silent = {"waits"}  # when nothing waits
    assert {one["check"] for one in facts["doctor.json"]} >= {check.name for check in (*FIRST, *THEN)} - silent
    absences = [one["what"]["en"] for one in facts["doctor.json"] if one["check"] == "absences"]
    assert [what for what in absences if "•••" in what], absences
    counts = facts["counts.json"]
    assert {"kind": "filing", "open": True, "count": 1} in counts["streams"]
    assert counts["queues"]["papers"]["waiting"] > 0
    assert facts["versions.json"]["packages"]["temporalio"]
    assert facts["versions.json"]["tables"]["pending"] == []
    assert facts["settings.json"].items() >= dict.fromkeys(SECRET, "environment").items()
    texts = file.read_bytes()
    assert CANARY.encode() not in texts
    assert world.env["MOTCUA_MASTER_KEY"].encode() not in texts

    again = await shell("support-bundle", file)
    assert (again.code, file.read_bytes()) == (2, texts), "an earlier one is not overwritten"


async def test_without_a_record_there_is_the_doctors_answer(shell: Shell, tmp_path: Path) -> None:
    ended = await shell("support-bundle", tmp_path / "x.tar", MOTCUA_DATABASE_URL="postgresql://app@127.0.0.1:1/x")
    facts = opened(tmp_path / "x.tar")
    assert (ended.code, facts["counts.json"]) == (0, {})
    (postgres,) = [one["health"] for one in facts["doctor.json"] if one["check"] == "postgres"]
    assert postgres == "fail"
