"""A signed filing from end to end: the form is prepared, signed, handed in, and its signature stands in the record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from deploy.trial_signature import signed_as
from motcua import BadSubmission
from motcua.files.store import Store, open_store
from schemas.filing.submission import Submission, signed_content
from schemas.signature import SignatureOutcome, SignatureProof
from tests.acting import Doubtful, Play, extract, of, plain
from tests.conftest import World
from tests.faults.processes import motcua

DETACHED = "application/pkcs7-signature"


def applied(**changes: Any) -> Submission:
    """A level-4 submission that still lacks its signature."""
    return extract(**{"signature": None, "level": 4} | changes)


def by(number: str) -> Submission:
    return applied(applicant=applied().applicant.model_copy(update={"id_number": number}).model_dump())


async def signed(world: World, submission: Submission, number: str | None = None) -> Submission:
    """The submission with a detached signature that whoever has this number made over it."""
    who = ("person", number or submission.applicant.id_number, submission.applicant.name)
    made = await signed_as(world.env["MOTCUA_TRUST_URL"], who, signed_content(submission), None)  # type: ignore[arg-type] # a literal
    file = await Store(open_store(world.objects)).put(of(submission), made, DETACHED)
    return submission.model_copy(update={"signature": file})


async def recorded(world: World) -> int:
    async with world.connection() as connection:
        found: int = await connection.fetchval("select count(*) from event where stream like 'filing:%'")
    return found


async def test_a_person_prepares_signs_and_files_by_command_and_without_a_signature_at_level_3(
    world: World, tmp_path: Path
) -> None:
    file, form = tmp_path / "extract.json", tmp_path / "form.pdf"
    submission = applied()
    file.write_text(json.dumps(plain(submission)), encoding="utf-8")
    env = world.process_env
    async with world.real_platform(), world.back_office(Doubtful()):
        refused = await motcua(env, "submit", str(file), folder=tmp_path)
        assert refused.code == 1
        assert f"motcua submit {file} --level 3" in refused.err
        assert "signature_required" in refused.err + refused.out
        assert await recorded(world) == 0

        made = await motcua(env, "forms", "prepare", str(file), "--out", str(form), folder=tmp_path)
        assert made.code == 0, made
        number = submission.applicant.id_number
        assert (await motcua(env, "dev", "sign", str(form), "--as", number, folder=tmp_path)).code == 0
        signature = tmp_path / "form.signed.pdf"
        filed = await motcua(env, "submit", str(file), "--signature", str(signature), "--json", folder=tmp_path)
        assert filed.code == 0, filed
        play = Play(world, submission)
        check = (await play.view()).signature_check
        assert check is not None
        assert (check.outcome, check.rules) == (SignatureOutcome.VALID, ())
        assert check.stamped_at == check.judged_at
        assert check.proof is not None
        proof = SignatureProof.model_validate_json(await Store(open_store(world.objects)).get(check.proof))
        assert (proof.verdict.outcome, proof.token is not None) == (SignatureOutcome.VALID, True)
        kept = tmp_path / "proof.json"
        shown = await motcua(env, "files", "proof", json.loads(filed.out)["code"], "--out", str(kept), folder=tmp_path)
        assert shown.code == 0, shown
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == check.proof.sha256
        await play.accept()

        other = applied()
        file.write_text(json.dumps(plain(other)), encoding="utf-8")
        lower = await motcua(env, "submit", str(file), "--level", "3", "--json", folder=tmp_path)
        assert lower.code == 0, lower
        view = await Play(world, other).view()
        code = json.loads(lower.out)["code"]
        unsigned = await motcua(env, "files", "proof", code, "--out", str(kept), folder=tmp_path)
        assert (unsigned.code, "không có chữ ký số" in unsigned.err) == (3, True), unsigned
        assert (view.level, view.signature_check) == (3, None)


async def test_a_signature_over_another_submission_or_of_a_file_that_is_none_is_refused(world: World) -> None:
    async with world.real_platform():
        first, second = applied(), applied(form={"kind": "birth", "person_name": "Trần Thị Bích", "copies": 9})
        signature = (await signed(world, first)).signature
        assert signature is not None
        store = Store(open_store(world.objects))
        replayed = await store.put(of(second), await store.get(signature), DETACHED)
        none = await store.put(of(second), b"%PDF-1.4 is no signature", DETACHED)
        for file, field, rule in (
            (replayed, "signature", "signature_of_other_content"),
            (none, "signature", "file_is_something_else"),
        ):
            with pytest.raises(BadSubmission) as no:
                await world.client.submit(second.model_copy(update={"signature": file}))
            assert [(one.field, one.rule) for one in no.value.refusal.problems] == [(field, rule)]
        assert await recorded(world) == 0
        await world.client.submit(await signed(world, second))
