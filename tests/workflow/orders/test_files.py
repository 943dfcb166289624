"""An intruder's run requests checks of files: it learns nothing of others' files, and only waiting ones are scanned."""

from typing import Any
from uuid import UUID

from activities.papers import FIT, NOT_IN_STORE
from motcua.files.store import Store as Kept
from motcua.files.store import open_store
from schemas.files import FileRef
from schemas.filing.state import Stage
from schemas.ids import filing_workflow, result_workflow
from tests.acting import Doubtful, Play, birth, eventually, extract, of, stock
from tests.conftest import World
from tests.rogue import ordered, rogues
from tests.workflow.reception import PAPER, Looking, Scanning, Store, Verdicts, receiving, with_paper


async def test_whether_a_file_is_there_is_said_to_nobody_but_its_own_filing(running: World) -> None:
    filed = birth()
    other = Play(running, extract())
    file = await Kept(open_store(running.objects)).put(of(filed), b"%PDF-1.7", "application/pdf")
    asked = [
        ("papers.confirm", {"result": one.model_dump(mode="json", exclude_none=True)})
        for one in (file, elsewhere(file, other.filing))
    ]
    client = await stock(running)
    async with rogues(client):
        own = await ordered(client, asked, workflow_id=result_workflow(of(filed), 1))
        others = await ordered(client, asked, workflow_id=result_workflow(other.filing, 1))
        nobody = await ordered(client, asked)
    assert [[one.answer for one in told] for told in (own, others, nobody)] == [
        [FIT, NOT_IN_STORE],
        [NOT_IN_STORE] * 2,
        [NOT_IN_STORE] * 2,
    ]


def elsewhere(file: FileRef, filing: UUID) -> FileRef:
    return file.model_copy(update={"key": f"files/{filing}/{file.sha256}"})


class Counting(Scanning):
    """A scanner that counts the requests to it."""

    times = 0

    async def scan(self, chunks: Any) -> bool:
        self.times += 1
        return await super().scan(chunks)


async def test_only_files_that_wait_for_the_scanner_are_scanned(world: World) -> None:
    plain, store, scanner = birth(), Store(world), Counting(down=True)
    scanned, clean = birth(), Counting()
    filed = [with_paper(one, await store.put(one, PAPER)) for one in (plain, scanned)]
    async with world.platform(receiving(world, store, Looking(), clean, Verdicts())), world.back_office(Doubtful()):
        done = await Play.begin(world, filed[1])
        await done.at(Stage.INTAKE)
    async with world.platform(receiving(world, store, Looking(), scanner, Verdicts())), world.back_office(Doubtful()):
        waits = await Play.begin(world, filed[0])
        client, papers = await stock(world), [one.model_dump(mode="json", exclude_none=True) for one in filed[0].papers]
        orders = [{"stream": filing_workflow(one.filing), "seq": seq} for one in (done, waits) for seq in (0, 1, 2, 99)]
        async with rogues(client):
            outcomes = await ordered(client, [("reception.scan", said) for said in (papers, *orders)])
    refused = [one.refused for one in outcomes]
    assert None not in refused
    # What waits is asked about, whoever asks.
    assert [at for at, why in enumerate(refused) if why == "ScannerDownError"] == [6]
    async with world.platform(receiving(world, store, Looking(), clean, Verdicts())), world.back_office(Doubtful()):
        await eventually(waits.view, lambda view: view.scan == "clean")
