"""Compares a form that we made with its later state: the revisions after ours may only add signatures."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from asn1crypto import parser
from lxml import etree
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import diff_analysis as diff
from pyhanko.sign.diff_analysis.constants import ACROFORM_EXEMPT_STRICT_COMPARISON, ROOT_EXEMPT_STRICT_COMPARISON
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

MALFORMED: Final = (
    PdfError,
    SignatureValidationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)
"""The library's errors for a file that is no PDF, is structured wrongly, or names unknown algorithms."""

_OF_TOOLS: Final = frozenset({"/ModDate", "/Producer"})
"""Fields that signing tools write about themselves."""

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_XMP_OF_TOOLS: Final = frozenset(
    {
        "{http://ns.adobe.com/xap/1.0/}ModifyDate",
        "{http://ns.adobe.com/xap/1.0/}MetadataDate",
        "{http://ns.adobe.com/xap/1.0/mm/}InstanceID",
        "{http://ns.adobe.com/xap/1.0/mm/}History",
        "{http://ns.adobe.com/pdf/1.3/}Producer",
    }
)
"""The fields of the file's XMP metadata that tools write about themselves."""

DIGEST: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

ONLY_SIGNATURES: Final = diff.StandardDiffPolicy(
    global_rules=[
        diff.CatalogModificationRule(ROOT_EXEMPT_STRICT_COMPARISON - {"/MarkInfo"}),
        *(
            rule.as_qualified(diff.ModificationLevel.LTA_UPDATES)
            for rule in (
                diff.DocInfoRule(),
                diff.XrefStreamRule(),
                diff.ObjectStreamRule(),
                diff.DSSCompareRule(),
                diff.MetadataUpdateRule(),
            )
        ),
    ],
    form_rule=diff.FormUpdatingRule(
        field_rules=[diff.SigFieldCreationRule(), diff.SigFieldModificationRule()],
        ignored_acroform_keys={*ACROFORM_EXEMPT_STRICT_COMPARISON, "/SigFlags"},  # flags the presence of signatures
    ),
)
"""The library's own policy without its rule for other fields, which permits changes to a filled field."""


@dataclass(frozen=True)
class Form:
    """The form to sign. It states `content`, the SHA-256 (hex) of the submission for which it was made.

    `file` is the form itself. If `file` is None, only the digest is compared, which anybody can write into another
    file.
    """

    content: str
    file: bytes | None = None


def declared(file: bytes, *fields: SigFieldSpec) -> bytes:
    """Returns the PDF as one revision with these empty signature fields. The same input gives the same bytes."""
    writer = copy_into_new_writer(PdfFileReader(BytesIO(file)))
    identity = generic.ByteStringObject(hashlib.sha256(file).digest()[:16])
    # The library has no other way to omit random data and the current time.
    writer._document_id = generic.ArrayObject([identity, identity])  # noqa: SLF001
    writer._update_meta = lambda: None  # type: ignore[method-assign] # noqa: SLF001
    for field in fields:
        append_signature_field(writer, field)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def prepared_at(file: bytes) -> datetime | None:
    """Returns the creation time that the first revision of `file` states, unverified; None if it can't be read."""
    try:
        told = _information(PdfFileReader(BytesIO(file)).get_historical_resolver(0)).get("/CreationDate", "")
        return generic.parse_pdf_date(told).astimezone(UTC)
    except (*MALFORMED, OverflowError):
        return None


def later_change(file: bytes, reader: PdfFileReader, form: Form) -> str | None:
    """Returns the broken rule if the file is not a later state of `form`; None if it is one."""
    stated = {
        digest for text in _information(reader.get_historical_resolver(0)).values() for digest in DIGEST.findall(text)
    }
    if form.content not in stated:
        return "signature_of_another_submission"
    if form.file is not None:  # with which the file must begin, its cross-references too
        first = reader.xrefs.get_startxref_for_revision(0)
        if not file.startswith(form.file) or first != PdfFileReader(BytesIO(form.file)).last_startxref:
            return "signed_form_not_ours"
    if "/AcroForm" not in reader.get_historical_resolver(0).root:  # not our form: each of ours declares its fields
        return "signed_form_not_ours"
    same = adds_only_signatures(reader) and not is_described_otherwise(reader)
    return None if same else "signed_form_changed"


def adds_only_signatures(reader: PdfFileReader) -> bool:
    """Returns whether all revisions but the first (which declares fields) only sign, stamp or add long-term data."""
    found = ONLY_SIGNATURES.review_file(reader, 0)
    if isinstance(found, diff.SuspiciousModification):
        return False
    return bool(found.modification_level <= diff.ModificationLevel.FORM_FILLING)


def covers_its_revision(signature: EmbeddedPdfSignature, file: bytes) -> bool:
    """Returns whether the signature covers every byte up to the end of its revision, except its own bytes."""
    if len(signature.byte_range) != 4:  # noqa: PLR2004 -- two ranges, each by its start and length
        return False
    start, before, after, length = signature.byte_range
    # If the whole file is covered the library adds up the lengths, and does not check the gap's place.
    hole = file[before:after].lower() == b"<%s>" % signature.pkcs7_content.hex().encode()
    whole = start == 0 and hole and after + length <= len(file)
    return whole and bool(signature.evaluate_signature_coverage() >= SignatureCoverageLevel.ENTIRE_REVISION)


def has_loose_end(file: bytes, reader: PdfFileReader) -> bool:
    """Returns whether bytes exist outside of revisions: after the last, before the first, or in a signature's space."""
    signatures = reader.embedded_signatures
    signed = max(one.byte_range[2] + one.byte_range[3] for one in signatures)
    newest = max(one.signed_revision for one in signatures)
    rest = file[signed:]
    if not file.startswith(b"%PDF-") or any(map(_has_stuffing, signatures)):
        return True
    if not rest.strip():
        return False
    unsigned_revisions = int(reader.total_revisions) - 1 - newest
    closed = rest.rstrip().endswith(b"%%EOF") and rest.count(b"startxref") == unsigned_revisions
    return not closed or reader.last_startxref < signed


def ends_signed(file: bytes, reader: PdfFileReader) -> bool:
    """Returns whether the file ends with its newest signature, or with a time-stamp over the whole file."""
    return not file[max(one.byte_range[2] + one.byte_range[3] for one in reader.embedded_signatures) :].strip()


def is_described_otherwise(reader: PdfFileReader) -> bool:
    """Returns whether a later revision changes the information (title …) of the first one, except tools' own fields."""
    first, *later = [reader.get_historical_resolver(revision) for revision in range(reader.total_revisions)]
    told, metadata = _information(first), _metadata(first)
    for one in later:
        changed = {name for name, _ in told.items() ^ _information(one).items()}
        now = _metadata(one)
        same = metadata == now or (metadata and now and _statements(metadata) == _statements(now))
        if not (changed <= _OF_TOOLS and same):
            return True
    return False


def _metadata(revision: HistoricalResolver) -> bytes:
    """Returns the XMP of a revision; empty if it has none."""
    found = revision.root.raw_get("/Metadata") if "/Metadata" in revision.root else None
    if isinstance(found, generic.IndirectObject):
        found = revision.get_object(found.reference)
    return bytes(found.data) if isinstance(found, generic.StreamObject) else b""


def _statements(metadata: bytes) -> list[tuple[str, ...]]:
    """Returns the statements in XMP data, in any syntax, except statements of signing tools. Raises `ValueError`."""
    try:
        root = etree.fromstring(metadata, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise ValueError("no XML") from error
    return sorted(one for told in root.iter(f"{_RDF}RDF") for one in _sayings(told, ()))


def _sayings(element: Any, within: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yields for each text its path, then the text. An attribute counts as an element, since tools may swap them."""
    name = str(element.tag)
    if name in _XMP_OF_TOOLS:
        return
    path = within if name.startswith(_RDF) else (*within, name)
    for key, value in element.items():
        if key == f"{_RDF}resource":
            yield (*path, value)
        elif not key.startswith(_RDF) and key not in {*_XMP_OF_TOOLS, _LANGUAGE}:
            yield (*path, key, value)
    texts = (element.text, *(child.tail for child in element))
    yield from ((*path, text.strip()) for text in texts if text is not None and text.strip())
    for child in element:
        yield from _sayings(child, path)


def _has_stuffing(signature: EmbeddedPdfSignature) -> bool:
    room: bytes = signature.pkcs7_content
    return bool(room[parser.peek(room) :].strip(b"\0"))


def _information(revision: HistoricalResolver) -> dict[str, str]:
    """Returns the document information (title …) of a revision."""

    def plain(value: object) -> object:
        return revision.get_object(value.reference) if isinstance(value, generic.IndirectObject) else value

    trailer = revision.trailer_view
    info = plain(trailer.raw_get("/Info")) if "/Info" in trailer else None
    if not isinstance(info, generic.DictionaryObject):
        return {}
    return {str(name): str(plain(info.raw_get(name))) for name in info}
