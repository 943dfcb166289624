"""Officers' signatures on an agency's file: initials (ký nháy), signature (ký số), and the agency's seal (con dấu).

Each signature is a revision of its own, in a field that was declared before the first signature. All have the PAdES
level B-LT, the last one B-LTA, so that the file can be checked after the certificates have expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import Final

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign import fields as sf
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko.stamp import StaticStampStyle

from activities.partners.signer import Signer
from activities.signature.certificate_subject import misnamed
from activities.signature.revisions import declared
from activities.signature.signing import Lasting, Person, hand_of
from schemas.stream.ledger import About

INITIALS: Final = "initials"
SIGNATURE: Final = "signature"
SEAL: Final = "seal"

ROOM: Final = 8192
"""The unit, in hexadecimal digits, to which the space for a signature is rounded up, since signatures vary in size."""

_TOGETHER: Final = DSSContentSettings(include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_NEXT_TS)


@dataclass(frozen=True)
class SignatureField:
    """An empty field for one signature. Only a field with a `box` is visible, and shows the signer's stamp.

    `box` is left, bottom, right, top in points from the lower left corner of `page`, which counts from 0 (-1: last).
    """

    name: str
    box: tuple[int, int, int, int] | None = None
    page: int = -1


class UnfitCertificateError(Exception):
    """Nothing was signed: the `rule` makes a certificate unreliable. `passing`: whether a retry may succeed."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"not signed: {rule}")
        self.rule = rule
        self.passing = rule == "revocation_unknown"


def with_fields(pdf: bytes, fields: Sequence[SignatureField]) -> bytes:
    """Returns the PDF as one revision with these empty fields.

    Each signature will lock all fields except those of later signatures.
    """
    specs = []
    for place, field in enumerate(fields):
        later = [one.name for one in fields[place + 1 :]]
        locked = sf.FieldMDPSpec(sf.FieldMDPAction.EXCLUDE, later) if later else sf.FieldMDPSpec(sf.FieldMDPAction.ALL)
        may = sf.MDPPerm.FILL_FORMS
        specs.append(
            sf.SigFieldSpec(field.name, field.page, field.box, field_mdp_spec=locked, doc_mdp_update_value=may)
        )
    return declared(pdf, *specs)


async def sign_official(  # noqa: PLR0913 -- all parts of a signature
    pdf: bytes,
    field: str,
    signer: Signer,
    person: Person,
    lasting: Lasting,
    *,
    last: bool,
    at: datetime,
    order: About,
    stamp: bytes | None = None,
) -> bytes:
    """Returns `pdf` with the person's signature in the declared `field`: B-LT, or B-LTA if it is the `last`.

    `at` is the time of signing stated in the file; the time-stamp proves the real time. `order` is the event that
    orders the signature. A call with the same arguments signs the same digest under the same key, so a retry asks
    nobody twice. `stamp`, a PDF of one page, is shown in the field's box.

    Raises `UnfitCertificateError`; `OSError` if no time-stamp is obtained; `LookupError` if the field does not exist or
    is already signed; and the errors of `Signer`.
    """
    writer = _writer(pdf)
    if not any(name == field for name, _, _ in sf.enumerate_sig_fields(writer.prev, filled_status=False)):
        raise LookupError(f"the PDF has no empty signature field {field}")
    hand = await hand_of(signer, person, order)
    kind = lasting.trust.policy.holders.get(field)
    if rule := misnamed(hand.chain[0], lasting.subjects, [person.identity], kind):
        raise UnfitCertificateError(rule)
    context, rule = await lasting.vouched(hand.chain)
    if rule is not None:
        raise UnfitCertificateError(rule)
    meta = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=sf.SigSeedSubFilter.PADES,
        embed_validation_info=True,
        validation_context=context,
        signer_key_usage={"digital_signature"},
        use_pades_lta=last,
        dss_settings=_TOGETHER,
    )
    style = StaticStampStyle(border_width=0)
    if stamp is not None:  # in its own size, or shrunk to fit
        least, shrunk = AxisAlignment.ALIGN_MIN, InnerScaling.SHRINK_TO_FIT
        whole = SimpleBoxLayoutRule(least, least, Margins(), shrunk)
        style = StaticStampStyle(border_width=0, background=_Page(stamp), background_layout=whole)
    output = BytesIO()
    await _signed(writer, PdfSigner(meta, hand, timestamper=lasting.stamper, stamp_style=style), at, output)
    return output.getvalue()


def _writer(pdf: bytes) -> IncrementalPdfFileWriter:
    """Returns a writer that adds no random data and no current time."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    # The library has no other way to omit them.
    writer._document_id = ArrayObject([writer._document_id[0], ByteStringObject(sha256(pdf).digest()[:16])])  # noqa: SLF001
    writer._update_meta = lambda: None  # type: ignore[method-assign] # noqa: SLF001
    return writer


async def _signed(writer: IncrementalPdfFileWriter, signer: PdfSigner, at: datetime, output: BytesIO) -> None:
    """Does the same as `PdfSigner.async_sign_pdf`, but at the time `at`, and with fixed space for the signature."""
    session = signer.init_signing_session(writer, existing_fields_only=True)
    session.system_time = at
    known = await session.perform_presign_validation(writer)
    needed = await session.estimate_signature_container_size(known)
    document = session.prepare_tbs_document(known, -(-needed // ROOM) * ROOM)
    prepared, _ = document.digest_tbs_document(output=output)
    signed = await document.perform_signature(prepared.document_digest, PdfCMSSignedAttributes(signing_time=at))
    await signed.post_signature_processing(output)


class _Page(PdfContent):
    """The first page of a PDF, as page content under a fixed name."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        page = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._pdf)))
        self.resources.xobject[pdf_name("/Stamp")] = page
        left, bottom, right, top = page.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(right - left), height=abs(top - bottom))
        return b"/Stamp Do"
