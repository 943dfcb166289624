"""Officers' signatures by the sandbox trust: fields, what locks them, how long they last, and who can't sign."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.partners.signer import Holding, NotSignedError, Signer
from activities.signature.certificate_subject import Identity
from activities.signature.official import INITIALS, SEAL, SIGNATURE, SignatureField, UnfitCertificateError, with_fields
from tests.integration.signature import party as p

AT = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
FIELDS = [
    SignatureField(INITIALS, (20, 20, 60, 60)),
    SignatureField(SIGNATURE, (70, 20, 110, 60)),
    SignatureField(SEAL, (120, 20, 180, 60)),
]
BODY = p.printed()
PAPER = with_fields(BODY, FIELDS)


def test_fields_are_declared_in_one_revision_the_same_each_time() -> None:
    assert with_fields(BODY, FIELDS) == PAPER
    reader = PdfFileReader(BytesIO(PAPER))
    assert reader.total_revisions == 1
    fields = [one.get_object() for one in reader.root["/AcroForm"]["/Fields"]]
    assert [field["/T"] for field in fields] == [INITIALS, SIGNATURE, SEAL]
    assert [field["/Rect"][0] for field in fields] == [20, 70, 120]
    locks = [(field["/Lock"]["/Action"], list(field["/Lock"].get("/Fields", ()))) for field in fields]
    assert locks == [("/Exclude", [SIGNATURE, SEAL]), ("/Exclude", [SEAL]), ("/All", [])]


async def test_asked_again_it_is_the_same_signature(party: p.Party) -> None:
    asked = Asked(party.signer)
    for _ in range(2):
        await p.official(party, PAPER, INITIALS, p.CLERK, signer=asked, stamp=BODY)
    await p.official(party, PAPER, INITIALS, p.CLERK, signer=asked, stamp=BODY, at=AT + timedelta(minutes=1))
    assert asked.keys[0] == asked.keys[1] != asked.keys[2]


async def test_a_stamp_is_seen_in_its_box(party: p.Party) -> None:
    file = await p.official(party, PAPER, SEAL, p.AGENCY, last=True, stamp=BODY)
    fields = [one.get_object() for one in PdfFileReader(BytesIO(file)).root["/AcroForm"]["/Fields"]]
    field = next(one for one in fields if one["/T"] == SEAL)
    look = field["/AP"]["/N"]
    assert list(look["/BBox"]) == [0, 40, 60, 0]
    assert "/Stamp" in look["/Resources"]["/XObject"]


async def test_who_declines_or_was_revoked_signs_nothing(party: p.Party) -> None:
    with pytest.raises(NotSignedError, match="declined"):
        await p.official(party, PAPER, SIGNATURE, Identity("person", "001099009901"))
    with pytest.raises(UnfitCertificateError, match="certificate_revoked"):
        await p.official(party, PAPER, SIGNATURE, Identity("person", "001099009905"))


async def test_without_revocation_or_a_time_stamp_nothing_is_signed(party: p.Party) -> None:
    await party.faults(ocsp="down", crl="down")
    with pytest.raises(UnfitCertificateError) as unfit:
        await p.official(party, PAPER, SIGNATURE, p.CLERK)
    assert (unfit.value.rule, unfit.value.passing) == ("revocation_unknown", True)
    await party.faults(tsa="down")
    with pytest.raises(OSError, match="no time-stamp"):
        await p.official((await p.Party.meet(party.client)), PAPER, SIGNATURE, p.CLERK)


async def test_a_field_is_signed_once_and_none_is_made_up(party: p.Party) -> None:
    signed = await p.official(party, PAPER, SIGNATURE, p.CLERK)
    for file, field in ((signed, SIGNATURE), (PAPER, "other")):
        with pytest.raises(LookupError, match=field):
            await p.official(party, file, field, p.CLERK)


class Asked:
    """A signer, and what it was asked for."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.keys: list[str] = []

    async def certificates(self, number: str, kind: Holding, name: str) -> tuple[bytes, ...]:
        return await self._signer.certificates(number, kind, name)

    async def sign(self, key: str, number: str, digest: bytes) -> bytes:
        self.keys.append(key)
        return await self._signer.sign(key, number, digest)
