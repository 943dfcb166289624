"""A form in PDF, the parties that sign it, and changes of it after the signature."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import httpx
from asn1crypto import pem, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter, PageObject, PdfFileWriter
from pyhanko.sign.fields import SigFieldSpec

from activities.partners.signer import Holding, RemoteSigner, Signer
from activities.signature.certificate_subject import Identity
from activities.signature.check import Signatory, SignatureCheck
from activities.signature.official import INITIALS, SEAL, SIGNATURE, sign_official
from activities.signature.revisions import declared
from activities.signature.revocation import Asking, Responders
from activities.signature.signing import HttpStamper, Lasting, Person
from activities.signature.trust import Trust
from sandbox.trust.authority import Authority, Holder
from schemas.signature import APPLICANTS_FIELD, SignatureVerdict
from schemas.stream.ledger import About
from schemas.translate import said

CONTENT: Final = "0f" * 32
FIELD: Final = APPLICANTS_FIELD
APPLICANT: Final = Identity("person", "001099000001")
SPOUSE: Final = Identity("person", "001099000002")
COMPANY: Final = Identity("organisation", "0101234567")
CLERK: Final = Identity("person", "001099000011")
LEADER: Final = Identity("person", "001099000012")
AGENCY: Final = Identity("organisation", "0109999999")
ORDER: Final = About(stream="result:00000000-0000-5000-8000-000000000000:1", seq=3)
"""The event that orders the officers' signatures."""
BY_APPLICANT: Final = (Signatory(frozenset({APPLICANT}), FIELD),)
BYTE_RANGE: Final = re.compile(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\s*\]")


def form(content: str = CONTENT, *, text: str | None = None, fields: tuple[str, ...] = (FIELD,)) -> bytes:
    """Returns a form of one page with these signature fields; with `text`, also with a filled field."""
    return declared(printed(content, text), *(SigFieldSpec(name) for name in fields))


def printed(content: str = CONTENT, text: str | None = None) -> bytes:
    writer = PdfFileWriter()
    blank_page(writer, (0, 0, 200, 200))
    writer.set_info(DictionaryObject({pdf_name("/Keywords"): TextStringObject(f"motcua sha256:{content}")}))
    if text is not None:
        acroform = DictionaryObject({pdf_name("/Fields"): ArrayObject([filled(writer, "name", text)])})
        writer.root[pdf_name("/AcroForm")] = writer.add_object(acroform)
    return written(writer)


def written(writer: BasePdfFileWriter) -> bytes:
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def blank_page(writer: BasePdfFileWriter, box: tuple[int, int, int, int]) -> None:
    writer.insert_page(PageObject(contents=writer.add_object(StreamObject(stream_data=b"BT ET")), media_box=box))


def filled(writer: BasePdfFileWriter, name: str, text: str) -> Any:
    """Adds a text field; returns the reference to it."""
    entries = {"/FT": pdf_name("/Tx"), "/T": TextStringObject(name), "/V": TextStringObject(text)}
    return writer.add_object(DictionaryObject({pdf_name(key): value for key, value in entries.items()}))


def outcome_of(verdict: SignatureVerdict) -> str:
    """Returns the outcome and the rules of its problems; checks the sentences of each rule in both languages."""
    assert all(problem.message == said(problem.rule) for problem in verdict.problems)
    return " ".join([verdict.outcome, *(problem.rule for problem in verdict.problems)])


def changed(file: bytes, change: Callable[[IncrementalPdfFileWriter], Any]) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(file))
    change(writer)
    return written(writer)


def first_page(writer: IncrementalPdfFileWriter) -> Any:
    return writer.root["/Pages"]["/Kids"][0]


def another_page(writer: IncrementalPdfFileWriter) -> None:
    blank_page(writer, (0, 0, 99, 99))


def larger_page(writer: IncrementalPdfFileWriter) -> None:
    page = first_page(writer)
    page[pdf_name("/MediaBox")] = ArrayObject(map(NumberObject, (0, 0, 300, 300)))
    writer.update_container(page)


def annotation(writer: IncrementalPdfFileWriter) -> None:
    note = {
        pdf_name("/Type"): pdf_name("/Annot"),
        pdf_name("/Subtype"): pdf_name("/FreeText"),
        pdf_name("/Rect"): ArrayObject(map(NumberObject, (0, 0, 100, 100))),
        pdf_name("/Contents"): TextStringObject("approved"),
    }
    page = first_page(writer)
    page.setdefault(pdf_name("/Annots"), ArrayObject()).append(writer.add_object(DictionaryObject(note)))
    writer.update_container(page)


def other_text(writer: IncrementalPdfFileWriter) -> None:
    field = next(one.get_object() for one in writer.root["/AcroForm"]["/Fields"] if one.get_object()["/T"] == "name")
    field[pdf_name("/V")] = TextStringObject("somebody else")
    writer.update_container(field)


def another_field(writer: IncrementalPdfFileWriter) -> None:
    """Adds a filled field that the form does not have."""
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(filled(writer, "amount", "1"))
    writer.update_container(fields)


def script(writer: IncrementalPdfFileWriter) -> None:
    action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): TextStringObject("app.alert(1)")}
    writer.root[pdf_name("/OpenAction")] = DictionaryObject(action)
    writer.update_root()


CHANGES: Final = (another_page, larger_page, annotation, other_text, another_field, script)


def encrypted() -> bytes:
    writer = PdfFileWriter()
    writer.encrypt("owner", "user")
    blank_page(writer, (0, 0, 9, 9))
    return written(writer)


def ranges(file: bytes) -> tuple[int, int, int, int]:
    start, before, after, length = map(int, BYTE_RANGE.findall(file)[-1])
    return start, before, after, length


def rolled_back(file: bytes, revision: int) -> bytes:
    end = PdfFileReader(BytesIO(file)).embedded_signatures[revision].byte_range
    return file[: end[2] + end[3]]


class Party:
    """The signer, time-stamper and responders of one sandbox trust, and its root certificate."""

    def __init__(self, client: httpx.AsyncClient, root: x509.Certificate) -> None:
        self.client = client
        self.root = root
        self.signer = RemoteSigner(client, patience=1)
        self.stamper = HttpStamper(client, "/tsa")
        self.asking = Responders(client, seconds=3)

    @classmethod
    async def meet(cls, client: httpx.AsyncClient) -> "Party":
        _, _, der = pem.unarmor((await client.get("/root.pem")).content)
        return cls(client, x509.Certificate.load(der))

    def lasting(self) -> Lasting:
        return Lasting(self.stamper, Trust([self.root], self.asking))

    def check(self, asking: Asking | None = None) -> SignatureCheck:
        return SignatureCheck(Trust([self.root], asking or self.asking))

    async def faults(self, **faults: str) -> None:
        (await self.client.put("/faults", json=faults)).raise_for_status()

    async def clock(self, now: datetime | None = None) -> None:
        (await self.client.put("/clock", json={"now": now and now.isoformat()})).raise_for_status()

    async def revoke(self, who: Identity, at: str | None = None) -> None:
        (await self.client.post(f"/people/{who.number}/revoke", json={"at": at})).raise_for_status()


def person(who: Identity) -> Person:
    return Person(who, "Nguyễn Thị Đặng Ước")


async def official(
    party: Party,
    file: bytes,
    field: str,
    who: Identity,
    *,
    last: bool = False,
    signer: Signer | None = None,
    stamp: bytes | None = None,
    at: datetime | None = None,
) -> bytes:
    named = Person(who, "Sở Xây dựng" if who == AGENCY else "Lê Thị Ước")
    moment = at or datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
    by = signer or party.signer
    return await sign_official(file, field, by, named, party.lasting(), last=last, at=moment, order=ORDER, stamp=stamp)


async def issued(party: Party, file: bytes) -> bytes:
    file = await official(party, file, INITIALS, CLERK)
    file = await official(party, file, SIGNATURE, LEADER)
    return await official(party, file, SEAL, AGENCY, last=True)


class LocalSigner:
    """A signer whose certificates come from its own authority, which is not trusted here."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:9") -> None:
        self._authority = Authority(folder, url)
        self._holders: dict[str, Holder] = {}

    async def certificates(self, number: str, kind: Holding, name: str) -> tuple[bytes, ...]:
        prefix = "CCCD:" if kind == "person" else "MST:"
        subject = [(NameOID.COMMON_NAME, name), (NameOID.USER_ID, prefix + number)]
        holder = self._holders.setdefault(number, self._authority.person(subject))
        chain = (holder.certificate, self._authority.issuing.certificate, self._authority.root.certificate)
        return tuple(one.public_bytes(serialization.Encoding.DER) for one in chain)

    async def sign(self, key: str, number: str, digest: bytes) -> bytes:  # noqa: ARG002 -- a protocol
        return self._holders[number].key.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
