"""Official papers are made from the outbox once, with their agency's seal, and `motcua result verify` accepts them."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
import yaml
from asn1crypto import pem
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.ledger.vault import Vault
from activities.partners.signer import NoSigner
from activities.printing.relay import SEAL_REFUSED, Printed, SealRefusedError
from activities.printing.source import communes
from activities.printing.templates import version_of
from activities.results.entry import signers_of
from activities.results.signing import AgencySeal
from activities.signature.certificate_subject import SubjectRules, identities
from operations.doctor.check import Health
from operations.doctor.record.long_waits import papers as owed_papers
from operations.doctor.record.long_waits import signing
from operations.evidence.bundle import export
from publishing.authoring.paper_templates import Slot, publish_template
from publishing.authoring.procedures import seed_directory
from rules.require import require
from schemas.base import Text
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import papers_stream
from schemas.papers.state import PaperKind
from schemas.people import Role
from schemas.stream.ledger import About
from tests.acting import AGENCY, MARRIAGE, Play, birth, eventually, extract, marriage, publish_short
from tests.conftest import World
from tests.integration.operations.erasure import approved, complaint_until, request_erasure, sound, worked
from tests.integration.operations.templates import OURS
from tests.integration.papers.relays import NO_FOOT, Desk, at_work, lived, work
from tests.integration.papers.relays import desk as desk
from tests.integration.signature import party as p
from tests.printed import keywords, raw_text
from tests.shell import Ended, Shell
from tests.waits import around
from tests.workflow.results import signers
from verifier import bundle as bundle_verifier
from views.log import Log, LoggedStream

CAUSED_BY: Final = {"supplement_requested", "supplemented", "accepted", "fee_requested", "fee_paid", "handed_over"}


async def test_every_paper_of_a_filing_is_made_once_and_told_to_its_own_stream(world: World, desk: Desk) -> None:
    async with at_work(world):
        play = await lived(world)
        assert await world.client.papers(play.filing) == [], "none yet, and nobody has waited for one"
        kinds = await play.kinds()
        assert await work(desk.relay()) == 9, "a receipt is numbered, then printed; no lệ phí was paid; two new dates"
        assert await world.client.papers(play.filing) == list(await desk.made(play))
    assert await desk.owed() == []
    assert await play.kinds() == kinds, "the filing itself has no event more"
    found = {paper.paper: paper for paper in await desk.made(play)}
    receipt = found.pop(PaperKind.CHARGE_RECEIPT)
    always = {PaperKind.SUPPLEMENT, PaperKind.RECEIPT, PaperKind.FEE, PaperKind.CONTROL}
    assert {*found} - {PaperKind.CORRECTION} == always, "a pause of seconds moves dates by a minute at most"
    assert receipt.about.stream == papers_stream(play.filing), "it is about its number, which was taken there"
    for kind, paper in found.items():
        assert kinds[paper.about.seq - 1] in CAUSED_BY
        assert str(play.code) in raw_text(await desk.store.get(paper.file), NO_FOOT), kind
    asked = raw_text(await desk.store.get(found[PaperKind.SUPPLEMENT].file), NO_FOOT)
    assert "không đọc được" in asked
    assert "Điện thoại Bộ phận Một cửa: 0237 300 5630" in " ".join(asked.split())
    assert "Nguyễn Thị Ước" not in asked, "it shows the filing as it was when this was asked"
    assert not any(paper.signed for paper in found.values())
    async with world.connection() as connection:
        assert await communes(connection, ["16012", "99999"]) == {
            "16012": Text(vi="xã Hoằng Sơn", en="Hoang Son Commune")
        }


async def test_an_agency_that_has_published_a_template_prints_by_it(world: World, desk: Desk) -> None:
    async with at_work(world):
        play = await lived(world)
    await publish_template(world.owner_dsn, OURS.encode(), Slot(play.submission.agency, PaperKind.RECEIPT))
    await work(desk.relay())
    async with desk.log() as log:
        told = (await log.read(papers_stream(play.filing))).events
    made = [recorded.event for recorded in told if recorded.event.kind == "paper_made"]
    versions = {event.paper: event.template for event in made}
    assert versions.pop(PaperKind.RECEIPT) == version_of(OURS)
    assert set(versions.values()) == {version_of()}
    texts = {paper.paper: raw_text(await desk.store.get(paper.file), NO_FOOT) for paper in await desk.made(play)}
    assert [kind for kind, text in texts.items() if "Cảm ơn ông (bà)." in text] == [PaperKind.RECEIPT]


async def test_a_failing_paper_is_tried_again_and_seen_and_holds_up_no_other(world: World, desk: Desk) -> None:
    async with at_work(world):
        play = await lived(world)

    tried: list[datetime] = []

    async def broken(kind: PaperKind, log: Log, told: LoggedStream) -> Printed | None:
        if kind is PaperKind.RECEIPT:
            tried.append(datetime.now(UTC))
            raise ValueError(play.code)
        return await desk.prints(kind, log, told)

    await work(desk.relay(broken))
    assert await desk.owed() == [("receipt", len(tried), "ValueError")]
    again = await desk.pool.fetchval("select next_try from outbox")
    assert again >= tried[-1] + timedelta(seconds=1), "not at once"
    made = await desk.made(play)
    assert PaperKind.CONTROL in {paper.paper for paper in made}
    counted = [outcome["outcome"] for n, outcome in desk.instruments.told["motcua_papers_total"] if n]
    assert (counted.count("failed"), counted.count("made") >= len(made)) == (len(tried), True)
    [finding] = await owed_papers(around(world))
    assert (finding.health, "receipt" in finding.what.en) == (Health.WARN, True)
    await desk.now()
    assert await work(desk.relay()) == 1
    assert PaperKind.RECEIPT in {paper.paper for paper in await desk.made(play)}


async def test_a_seal_that_is_refused_holds_up_the_papers_of_its_agency_alone(world: World, desk: Desk) -> None:
    async with at_work(world):
        here, there = await Play.begin(world, extract()), await Play.begin(world, birth(agency="H01.12"))
        await asyncio.gather(here.accept(), there.at(Stage.CLOSED))

    async def refused(agency: str, _: bytes, __: datetime, ___: About) -> bytes | None:
        if agency == "H01.12":
            raise SealRefusedError("certificate_expired")
        return None

    await work(desk.relay(seal=refused))
    assert PaperKind.RECEIPT in {paper.paper for paper in await desk.made(here)}
    assert await desk.made(there) == ()
    assert {problem for _, _, problem in await desk.owed()} == {f"{SEAL_REFUSED}certificate_expired"}
    [finding] = await signing(around(world))
    seen = (finding.health, "H01.12" in finding.what.en, "certificate_expired" in finding.what.en)
    assert seen == (Health.WARN, True, True)
    [finding] = await owed_papers(around(world))
    assert finding.health is Health.OK, "it is named once"
    await desk.now()
    await work(desk.relay())
    assert (await desk.made(there) != (), await desk.owed()) == (True, [])


async def test_papers_are_missed_until_made_and_printed_again_as_they_were(world: World, desk: Desk) -> None:
    async with at_work(world):
        play = await lived(world)
    [finding] = await owed_papers(around(world))
    assert finding.health is Health.OK, "they have only just come"
    await world.execute("update outbox set written_at = now() - interval '2 minutes'")
    [finding] = await owed_papers(around(world))
    assert (finding.health, "motcua relay" in (finding.fix.en if finding.fix else "")) == (Health.FAIL, True)
    await desk.now()
    await work(desk.relay())
    async with world.connection() as connection:
        bodies = await connection.fetch(
            "select convert_from(body, 'UTF8')::jsonb ->> 'body_sha256' from event where kind = 'paper_made'"
        )
        key = require(await Vault(world.settings.master).find(connection, play.filing))
    made = [(paper, await desk.store.get(paper.file)) for paper in await desk.made(play)]
    stored = {hashlib.sha256(file).hexdigest() for _, file in made}
    assert {row[0] for row in bodies} == stored, "unsigned, what is stored is what was printed"
    assert len(made) > 1
    for paper, file in made:
        salt = key.salt(f"{paper.paper}\n{paper.about.stream}\n{paper.about.seq}")
        assert keywords(file) == salt, "nobody prints it again without the key"
    before = await desk.made(play)
    await world.execute(
        "insert into outbox (stream, seq, paper, filing_id, agency) values ($1, $2, $3, $4, 'H01.12')",
        *(before[0].about.stream, before[0].about.seq, before[0].paper, play.filing),
    )

    async def never(_: PaperKind, __: Log, ___: LoggedStream) -> Printed:
        raise AssertionError

    assert await work(desk.relay(never)) == 1, "what the record says is made is not made again"
    assert (await desk.made(play), await desk.owed()) == (before, [])


async def test_a_filing_with_official_papers_is_erased_with_them(world: World, desk: Desk) -> None:
    item = {"target": "field", "code": "first_party_name", "note": "không đọc được"}
    async with at_work(world):
        play = await Play.begin(world, marriage(version=await publish_short(world, MARRIAGE, appeal=1)))
        await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), items=[item], legal_basis="Đ15")
        await play.act(cm.Supplement, play.submission.actor, form={"first_party_name": "Nguyễn Thị Ước"})
        await play.withdraw()
        assert await work(desk.relay()) == 4
        code = str(play.code)
        await eventually(lambda: complaint_until(world, play), lambda until: until < datetime.now(UTC))
        await approved(world, (await request_erasure(world, code)).n)
        done = await worked(world)
    assert (done.finished, done.refused) == ([code], {})
    *made, last = await play.kinds("papers")
    assert made in (["paper_made"] * 3, ["paper_made"] * 4), "of new dates only if they moved"
    assert last == "erased"
    await sound(world)
    async with world.connection() as connection:
        bundle = require(await export(connection, code))
    assert bundle_verifier.verify(bundle_verifier.canonical(bundle)).problems == []


# An agency's seal on its papers: by what its entry of the directory says, also where its officers sign no results.

OWN: Final = "0109999998"


@pytest.fixture
def seal(pool: asyncpg.Pool[Any], party: p.Party) -> AgencySeal:
    return AgencySeal(pool, party.signer, party.lasting())


async def publish_agency(world: World, **said: Any) -> None:
    entry = {"agency": AGENCY, "name": {"vi": "Ủy ban nhân dân xã Hoằng Sơn", "en": "Hoang Son"}} | said
    file = yaml.safe_dump({"agencies": [entry]}, allow_unicode=True).encode()
    await seed_directory(world.owner_dsn, file, world.publisher)


async def sealed_by(seal: AgencySeal) -> set[str]:
    """Returns the identity numbers in the certificate of the seal; empty if there is no seal."""
    sealed = await seal.put_on(AGENCY, p.printed(), datetime(2026, 11, 27, 2, tzinfo=UTC), p.ORDER)
    if sealed is None:
        return set()
    [one] = PdfFileReader(BytesIO(sealed)).embedded_regular_signatures
    assert one.field_name == "seal"
    return {identity.number for identity in identities(one.signer_cert, SubjectRules())}


async def test_a_seal_is_the_agencys_or_its_signers(world: World, pool: asyncpg.Pool[Any], seal: AgencySeal) -> None:
    assert await sealed_by(seal) == set()
    await publish_agency(world, seal=OWN)
    assert await sealed_by(seal) == {OWN}
    async with pool.acquire() as connection:
        assert await signers_of(connection, AGENCY) == []
    await publish_agency(world, signing=signers())
    assert await sealed_by(seal) == {signers()[-1]["number"]}
    await publish_agency(world, signing=signers(), seal=OWN)
    assert await sealed_by(seal) == {OWN}


async def test_a_seal_whose_certificate_has_expired_is_refused_by_its_rule(world: World, seal: AgencySeal) -> None:
    await publish_agency(world, seal="0109999904")
    with pytest.raises(SealRefusedError, match="certificate_expired"):
        await sealed_by(seal)


async def test_without_a_signer_a_paper_bears_no_seal(world: World, pool: asyncpg.Pool[Any], party: p.Party) -> None:
    await publish_agency(world, seal=OWN)
    assert await sealed_by(AgencySeal(pool, NoSigner(), party.lasting())) == set()


async def test_what_passes_by_itself_is_no_refusal(world: World, party: p.Party, seal: AgencySeal) -> None:
    await publish_agency(world, seal=OWN)
    await party.faults(ocsp="down", crl="down")
    with pytest.raises(Exception, match="revocation_unknown") as raised:
        await sealed_by(seal)
    assert not isinstance(raised.value, SealRefusedError)


# `motcua result verify` of an official paper: which one it is, as far as its holder can read that anyway.


@pytest.fixture
def folder(party: p.Party, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", party.root.dump()))
    return tmp_path


@pytest.fixture
def visitor(world: World) -> Shell:
    """A visitor's shell, which may query the register without account or key."""
    names = ("MOTCUA_MASTER_KEY", "MOTCUA_OBJECTS", "TEMPORAL_ADDRESS")
    env = {"COLUMNS": "300", "NO_COLOR": "1", **dict.fromkeys(names, "")}
    return Shell(env | {"MOTCUA_DATABASE_URL": world.app_dsn})


async def received(world: World, desk: Desk, seal: AgencySeal | None = None) -> tuple[Play, bytes]:
    async with at_work(world):
        play = await Play.accepted(world, extract())
    await work(desk.relay(seal=None if seal is None else seal.put_on))
    [receipt] = [one for one in await desk.made(play) if one.paper is PaperKind.RECEIPT]
    return play, await desk.store.get(receipt.file)


async def verified(shell: Shell, file: Path, *words: str) -> Ended:
    return await shell("result", "verify", file, "--roots", "root.pem", *words)


async def test_a_sealed_receipt_is_told_to_be_one(
    world: World, pool: asyncpg.Pool[Any], party: p.Party, folder: Path, visitor: Shell
) -> None:
    await world.execute("update agency set seal = $2 where agency = $1", AGENCY, OWN)
    play, receipt = await received(world, Desk(world, pool), AgencySeal(pool, party.signer, party.lasting()))
    file = folder / "receipt.pdf"
    file.write_bytes(receipt)
    ended = await verified(visitor, file, "--json")
    assert ended.code == 0, ended.err
    said = ended.json
    assert (said["signatures"], said["in_force"], said["register"]) == ("valid", None, {"answer": "official_paper"})
    assert [(one["field"], one["tax_code"]) for one in said["signers"]] == [("seal", OWN)]
    paper = said["paper"]
    assert (paper["paper"], paper["code"], paper["agency"], paper["sealed"]) == ("receipt", play.code, AGENCY, True)
    assert set(paper) == {"paper", "code", "agency", "made_at", "template", "sealed"}
    told = (await verified(visitor, file)).out
    assert (str(play.code) in told, str(play.filing) in told) == (True, False)
    file.write_bytes(receipt + b"%")
    altered = await verified(visitor, file, "--json")
    assert (altered.code, altered.json["register"]) == (1, {"answer": "not_registered"})


async def test_a_paper_that_was_not_sealed_is_what_the_record_says(
    world: World, pool: asyncpg.Pool[Any], folder: Path, visitor: Shell
) -> None:
    _, receipt = await received(world, Desk(world, pool))
    file = folder / "receipt.pdf"
    file.write_bytes(receipt)
    ended = await verified(visitor, file, "--json")
    assert (ended.code, ended.json["paper"]["sealed"]) == (0, False)
    offline = await verified(visitor, file, "--json", "--offline")
    assert (offline.code, offline.json["register"], "paper" in offline.json) == (1, {"answer": "unknown"}, False)
    other = folder / "other.pdf"
    other.write_bytes(p.printed())
    assert (await verified(visitor, other, "--json")).json["register"] == {"answer": "not_registered"}
