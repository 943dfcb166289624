"""Files are examined before the event that names them is recorded, and again until the scanner has answered."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from motcua import NotFound, NotReady, RefusedError
from schemas.complaint.commands import AnswerComplaint, TakeUp
from schemas.complaint.state import ComplaintStart
from schemas.files import FileRef, ScanState
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import complaint_workflow
from schemas.people import Role
from schemas.signature import SignatureOutcome, SignatureVerdict
from tests.acting import FILE, VIA, Doubtful, Play, birth, broken, eventually, extract, officer
from tests.conftest import World
from tests.workflow.reception import PAPER, Looking, Scanning, Store, Verdicts, named, receiving, with_paper

OTHER = b"%PDF giay chung sinh khac"
VIRUS = b"%PDF virus"


@asynccontextmanager
async def received(world: World, scanner: Scanning) -> AsyncIterator[tuple[Store, Play]]:
    """Yields a store, and a filing for a birth with its paper received, at an agency whose officers do the work."""
    plain, store = birth(), Store(world)
    reception = receiving(world, store, Looking(), scanner, Verdicts())
    async with world.platform(reception), world.back_office(Doubtful()):
        yield store, await Play.begin(world, with_paper(plain, await store.put(plain, PAPER)))


class Hard:
    """An inspector that reports every file as too hard to read."""

    def __init__(self) -> None:
        self.read = 0

    async def inspect(self, file: int, media_type: str, name: str | None = None) -> str | None:  # noqa: ARG002
        self.read += 1
        return "file_too_hard"


async def events(world: World) -> int:
    found: int = await world.fetchval("select count(*) from event where stream like 'filing:%'")
    return found


async def test_a_submission_whose_file_is_not_there_or_not_as_said_leaves_no_event(world: World) -> None:
    plain, store, submit = birth(), Store(world), world.client.submit
    reception = receiving(world, store, Looking(), None, Verdicts())
    async with world.platform(reception), world.back_office(Doubtful()):
        absent = with_paper(plain, named(plain, PAPER))
        assert await broken(submit(absent)) == [("papers[0].file", "file_not_in_store")]
        await store.put(plain, PAPER)
        await store._store.put_async(named(plain, OTHER).key, PAPER + PAPER)
        for lie, rule in (
            (named(plain, PAPER, size=len(PAPER) + 1), "file_differs"),
            (named(plain, OTHER, size=2 * len(PAPER)), "file_differs"),
            (await store.put(plain, b"%PDF JavaScript"), "file_active"),
        ):
            assert await broken(submit(with_paper(plain, lie))) == [("papers[0].file", rule)]
        for astray in (named(birth(submission_id="another"), PAPER), FILE):
            assert await broken(submit(with_paper(plain, astray))) == [("papers[0].file.key", "file_key_not_its_own")]
        assert await events(world) == 0
        assert (await (await Play.begin(world, absent)).view()).scan is ScanState.UNSCANNED
        assert await submit(absent) == await submit(absent)


async def test_what_is_too_much_or_too_hard_is_not_read_to_its_end(world: World) -> None:
    plain, store, hard = birth(), Store(world), Hard()
    reception = receiving(world, store, hard, None, Verdicts())
    async with world.platform(reception):
        large = {"code": "birth_notice", "file": named(plain, PAPER, size=20_000_000)}
        rules = await broken(world.client.submit(birth(submission_id=plain.submission_id, papers=[large] * 11)))
        assert rules.count(("papers", "files_over_quota")) == 1
        assert "file_not_in_store" not in {rule for _, rule in rules}
        papers = [{"code": "birth_notice", "file": await store.put(plain, data)} for data in (PAPER, OTHER)]
        rules = await broken(world.client.submit(birth(submission_id=plain.submission_id, papers=papers)))
        assert [field for field, rule in rules if rule == "file_too_hard"] == ["papers[0].file"]
        assert hard.read == 1


async def test_a_supplement_whose_file_is_not_there_changes_nothing_and_goes_through_once_it_is(world: World) -> None:
    plain, store = birth(), Store(world)
    reception = receiving(world, store, Looking(), None, Verdicts())
    async with world.platform(reception), world.back_office(Doubtful()):
        play = await Play.begin(world, with_paper(plain, await store.put(plain, PAPER)))
        item = {"target": "paper", "code": "birth_notice", "note": "blurred"}
        await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), items=[item], legal_basis="Decree 123/2015")
        papers = [{"code": "birth_notice", "file": named(plain, OTHER)}]
        said = {"papers": papers, "command_id": "supply", "actor": plain.actor, "via": plain.via}
        [(_, rule)] = await broken(world.client.act(play.filing, cm.Supplement.model_validate(said)))
        assert rule == "file_not_in_store"
        assert (await play.view()).stage is Stage.SUPPLEMENT
        await store.put(plain, OTHER)
        receipt = await world.client.act(play.filing, cm.Supplement.model_validate(said))
        await store._store.delete_async(named(plain, OTHER).key)
        assert await world.client.act(play.filing, cm.Supplement.model_validate(said)) == receipt
        assert (await play.view()).stage is Stage.INTAKE


async def test_what_came_while_the_scanner_was_asked_about_other_files_is_scanned_after_them(world: World) -> None:
    async with received(world, scanner := Scanning(down=True)) as (store, play):
        plain = play.submission
        scanner.free.clear()
        scanner.down = False
        await scanner.asked.wait()
        scanner.down = True
        item = {"target": "paper", "code": "birth_notice", "note": "blurred"}
        await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), items=[item], legal_basis="Decree 123/2015")
        given = {"papers": [{"code": "birth_notice", "file": await store.put(plain, OTHER)}]}
        await play.act(cm.Supplement, plain.actor, **given)
        scanner.down = False
        scanner.free.set()
        view = await eventually(play.view, lambda view: view.scan is not ScanState.PENDING)
        assert view.scan is ScanState.CLEAN
    assert (await play.kinds())[-3:] == ["supplemented", "files_scanned", "files_scanned"]


async def test_a_virus_found_late_is_asked_about_by_its_paper_and_one_found_at_once_is_refused(world: World) -> None:
    plain, store, scanner = birth(), Store(world), Scanning(down=True)
    scanner.infected = {PAPER}
    reception = receiving(world, store, Looking(), scanner, Verdicts())
    filed = with_paper(plain, await store.put(plain, PAPER))
    world = replace(world, files_url="http://gateway.test")
    async with world.platform(reception), world.back_office():
        play = await Play.begin(world, filed)
        infected = hashlib.sha256(PAPER).hexdigest()
        with pytest.raises(NotReady):
            await world.client.file(play.filing, infected)
        scanner.down = False
        view = await play.at(Stage.SUPPLEMENT)
        with pytest.raises(NotFound):
            await world.client.file(play.filing, infected)
        assert (view.scan, view.infected) == (ScanState.INFECTED, ("birth_notice",))
        assert view.supplement is not None
        assert [item.code for item in view.supplement.items] == ["birth_notice"]
        given = {"papers": [{"code": "birth_notice", "file": named(plain, PAPER)}]}
        assert [rule for _, rule in await broken(play.act(cm.Supplement, plain.actor, **given))] == ["file_infected"]
        given = {"papers": [{"code": "birth_notice", "file": await store.put(plain, OTHER)}]}
        await play.act(cm.Supplement, plain.actor, **given)
        await play.accept()
        view = await play.view()
        assert (view.scan, view.infected) == (ScanState.CLEAN, ())
        assert (await world.client.file(play.filing, hashlib.sha256(OTHER).hexdigest())).file.name is None
        with pytest.raises(NotFound):
            await world.client.file(play.filing, infected)


async def test_what_is_not_scanned_again_is_not_taken_before_the_scanner_speaks(world: World) -> None:
    async with received(world, scanner := Scanning()) as (store, play):
        plain = play.submission
        said = {"reason": "withdrawn at the desk", "request": (await store.put(plain, OTHER))}
        scanner.down = True
        withdrawing = play.act(cm.Withdraw, play.officer(Role.RECEPTION), **said)
        assert await broken(withdrawing) == [("request", "scanner_silent")]
        scanner.down = False
        await play.act(cm.Withdraw, play.officer(Role.RECEPTION), **said)
        assert (await play.view()).stage is Stage.CLOSED


async def test_what_a_complaint_names_is_looked_at_before_it_is_recorded(
    world: World,
) -> None:
    async with received(world, scanner := Scanning()) as (store, play):
        plain = play.submission
        await play.act(cm.RefuseIntake, play.officer(Role.RECEPTION), reason="no", legal_basis="Decree 123/2015")
        about = {"filing_id": play.filing, "n": 1, "about": len(await play.kinds()), "words": "look again"}

        def complaint(document: FileRef) -> ComplaintStart:
            return ComplaintStart.model_validate(about | {"actor": plain.actor, "via": plain.via, "document": document})

        assert await broken(world.client.complain(complaint(named(plain, OTHER)))) == [
            ("document", "file_not_in_store")
        ]
        infected = complaint(await store.put(plain, VIRUS))
        scanner.infected = {VIRUS}
        scanner.asked.clear()
        scanner.free.clear()
        async with asyncio.TaskGroup() as group:
            refused = group.create_task(broken(world.client.complain(infected)))
            await scanner.asked.wait()
            # After so many the client waits long enough for the run to end before its next try.
            await eventually(lambda: answered_questions(world), lambda answered: answered > 3)
            scanner.asked.clear()
            scanner.free.set()
        assert refused.result() == [("document", "file_infected")]
        assert not scanner.asked.is_set(), "it was begun anew"
        await world.client.complain(complaint(await store.put(plain, OTHER)))


async def answered_questions(world: World) -> int:
    return (await world.temporal.count_workflows("WorkflowType = 'View' and ExecutionStatus != 'Running'")).count


async def test_a_signature_in_doubt_waits_for_an_officer_and_its_proof_lies_in_the_store(world: World) -> None:
    plain, store = extract(signature=None), Store(world)
    signature = await store.put(plain, b"signed", media_type="application/pkcs7-signature")
    filed = extract(submission_id=plain.submission_id, signature=signature)
    verdicts = Verdicts()
    reception = receiving(world, store, Looking(), None, verdicts)
    async with world.platform(reception), world.back_office(Doubtful()):
        receipt_at = (await Play.begin(world, extract(signature=None, level=None, result_channel="counter"))).submission
        assert not verdicts.asked
        assert receipt_at.signature is None
        verdicts.verdict = SignatureVerdict.model_validate(
            {"outcome": "undetermined", "problems": [_UNKNOWN], "received_at": "2026-11-27T00:00:00Z"}
        )
        play = await Play.begin(world, filed)
        assert verdicts.asked == [(b"signed", filed.version)]
        check = (await play.view()).signature_check
        assert check is not None
        assert (check.outcome, check.rules) == (SignatureOutcome.UNDETERMINED, ("revocation_unknown",))
        assert check.proof is not None
        proof = await store.get_async(check.proof.key)
        assert hashlib.sha256(bytes(await proof.bytes_async())).hexdigest() == check.proof.sha256
        with pytest.raises(RefusedError):
            await play.accept()
        reception_officer = play.officer(Role.RECEPTION)
        await play.act(cm.JudgeSignature, reception_officer, accepted=True, reason="seen the card at the counter")
        await play.accept()
        assert (await play.view()).signature_accepted is True


async def test_a_signature_that_is_exchanged_after_it_was_looked_at_is_none(world: World) -> None:
    plain, store, verdicts = extract(signature=None), Store(world), Verdicts()
    signature = await store.put(plain, b"unsigned", media_type="application/pkcs7-signature")

    class Exchanging(Looking):
        async def inspect(self, file: int, media_type: str, name: str | None = None) -> str | None:
            await store._store.put_async(signature.key, b"signed")
            return await super().inspect(file, media_type, name)

    async with world.platform(receiving(world, store, Exchanging(), None, verdicts)):
        filed = extract(submission_id=plain.submission_id, signature=signature)
        assert await broken(world.client.submit(filed)) == [("signature", "file_differs")]
        assert not verdicts.asked


async def test_a_filing_ends_though_the_scanner_never_speaks_and_a_complaint_has_it_asked_again(world: World) -> None:
    async with received(world, scanner := Scanning(down=True)) as (_, play):
        plain = play.submission
        await play.act(cm.RefuseIntake, play.officer(Role.RECEPTION), reason="no", legal_basis="Decree 123/2015")
        await world.temporal.get_workflow_handle(f"filing:{play.filing}").result()
        assert (await play.view()).scan is ScanState.PENDING
        said = {"filing_id": play.filing, "n": 1, "about": len(await play.kinds()), "words": "look again"}
        await world.client.complain(ComplaintStart.model_validate(said | {"actor": plain.actor, "via": plain.via}))
        stream, judge = complaint_workflow(play.filing, 1), officer(Role.LEADER)
        answer = {"command_id": "answer", "outcome": "upheld", "reason": "it is fit", "legal_basis": "Law 02/2011"}
        claim = cm.Claim(command_id="claim", actor=judge, via=VIA)
        await world.client.act(stream, claim)
        await world.client.act(stream, TakeUp(command_id="take-up", actor=judge, via=VIA))
        await world.client.act(stream, AnswerComplaint.model_validate(claim.model_dump(exclude={"kind"}) | answer))
        await play.at(Stage.INTAKE)
        scanner.down = False
        await eventually(play.view, lambda view: view.scan is ScanState.CLEAN)


_UNKNOWN = {"field": "signature", "rule": "revocation_unknown", "message": {"vi": "-", "en": "-"}}
