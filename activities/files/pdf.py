"""Reads every object of a PDF; repairs, changes and writes nothing. This code runs in the child process only."""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain
from typing import Final

import pikepdf
from pikepdf import settings

from activities.files.pictures import check_size, picture
from activities.files.protocol import BrokenRuleError, Rule

INFLATED: Final = 200_000_000
"""The maximum bytes of one decompressed stream."""
MOST_FILTERS: Final = 4
MOST_OBJECTS: Final = 300_000

settings.set_qpdf_limits(
    flate_max_memory=INFLATED,
    run_length_max_memory=INFLATED,
    png_max_memory=INFLATED,
    tiff_max_memory=INFLATED,
    max_stream_filters=MOST_FILTERS,
)

_WHITE: Final = b"\0\t\n\f\r "
_END: Final = re.compile(rb"startxref[\0\t\n\f\r ]+(\d+)[\0\t\n\f\r ]+%%EOF")
_GOES_ON: Final = re.compile(rb"[\0\t\n\f\r ]*(?:\d+[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+obj\b|xref\b|%)")
"""Matches the start of a further revision, or of the rest of a linearised file."""

_HEADER: Final = re.compile(rb"(?:[\0\t\n\f\r ]*%(?!PDF-)[^\r\n]*[\r\n])*[\0\t\n\f\r ]*%PDF-")
"""Matches the header of another PDF, behind blanks and comments."""
_TABLE_HEAD: Final = re.compile(
    rb"[\0\t\n\f\r ]*(?:xref\b.*?trailer(.*?)startxref|\d+[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+obj\b(.*?)stream)", re.DOTALL
)
"""Matches a table of objects: the dictionary of its trailer, or of its stream."""
_EARLIER: Final = re.compile(rb"/Prev[\0\t\n\f\r ]+(\d+)")

_ACTIONS: Final = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToR",
        "/GoToE",
        "/Rendition",
        "/Movie",
        "/Sound",
        "/RichMediaExecute",
    }
)
_BY_ITSELF: Final = frozenset({"/GoTo"})
"""The actions that may start by themselves, when a document or page opens: only going to a place in the document."""
_MOST_IN_TURN: Final = 100
"""The maximum number of actions that start by themselves, one after the other."""

_ANNOTATIONS: Final = frozenset({"/FileAttachment", "/RichMedia", "/3D", "/Movie", "/Sound", "/Screen"})
_OPI: Final = frozenset({"/1.3", "/2.0"})
"""The keys, one for each OPI version, of a dictionary that names another file, to be printed in place of a picture."""
_KEYS: Final = ("/JS", "/XFA", "/EF", "/EmbeddedFile", "/OpenAction", "/AA", "/Thread", "/Ref", "/OPI")
_SUSPECTED: Final = re.compile(
    b"(?:%s)(?![^\0\t\n\f\r /<>()[\\]])"
    % b"|".join(name.encode() for name in sorted({*_ACTIONS, *_ANNOTATIONS, *_KEYS}))
)
"""Matches the names in objects that need a closer look; the library writes each name in only one way."""

_HEADED: Final = {"/DCTDecode": ("JPEG", "MPO"), "/JPXDecode": ("JPEG2000",)}
"""Filters whose data state the size of the image themselves, each with the possible formats of the data."""

_COUNTED: Final = re.compile(
    r"reported number of objects \((\d+)\) is not one plus the highest object number \((\d+)\)"
)

_OPAQUE: Final = frozenset({"/DCTDecode", "/DCT", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/CCF", "/Crypt"})
"""Filters whose data only the drawing program decodes."""


def check_pdf(data: bytes) -> None:
    """Checks a PDF. Raises `BrokenRuleError`."""
    _check_end(data)
    try:
        with pikepdf.open(
            BytesIO(data), attempt_recovery=False, inherit_page_attributes=False, conversion_mode="explicit"
        ) as pdf:
            if pdf.is_encrypted:
                raise BrokenRuleError(Rule.ENCRYPTED)
            _check_objects(pdf)
    except pikepdf.PasswordError as error:
        raise BrokenRuleError(Rule.ENCRYPTED) from error
    except (pikepdf.PikepdfError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        raise BrokenRuleError(_why([str(error)])) from error


def _check_end(data: bytes) -> None:
    found_ends = [*_END.finditer(data)]
    ends = [found.end() for found in found_ends]
    if not ends:
        raise BrokenRuleError(Rule.DAMAGED)
    if data[ends[-1] :].strip(_WHITE):
        raise BrokenRuleError(Rule.DAMAGED if _GOES_ON.match(data, ends[-1]) else Rule.HOLDS_MORE)
    if not all(_GOES_ON.match(data, end) and not _HEADER.match(data, end) for end in ends[:-1]):
        raise BrokenRuleError(Rule.HOLDS_MORE)
    if not {int(found[1]) for found in found_ends} <= {0, *_tables(data, int(found_ends[-1][1]))}:
        raise BrokenRuleError(Rule.HOLDS_MORE)  # a part of the file belongs to another document


def _tables(data: bytes, last: int) -> set[int]:
    """Returns the offsets of the last table of objects and of the earlier tables to which it leads."""
    seen: set[int] = set()
    at: int | None = last
    while at is not None and at not in seen:
        seen.add(at)
        table = _TABLE_HEAD.match(data, at)
        earlier = None if table is None else _EARLIER.search(table[1] or table[2])
        at = None if earlier is None else int(earlier[1])
    return seen


def _check_objects(pdf: pikepdf.Pdf) -> None:
    """Checks each object of the newest revision, also unreferenced ones; then checks that the PDF has pages."""
    if len(pdf.objects) > MOST_OBJECTS:
        raise BrokenRuleError(Rule.TOO_HARD)
    if any(map(_holds_active, chain([pdf.trailer], pdf.objects))):
        raise BrokenRuleError(Rule.ACTIVE)
    if "/Collection" in pdf.Root:  # a cover for other documents
        raise BrokenRuleError(Rule.HOLDS_MORE)
    if warnings := [told for told in map(str, pdf.get_warnings()) if not _is_roomy(told)]:
        raise BrokenRuleError(_why(warnings))  # an object is not at its declared place: other readers may find it
    for found in pdf.objects:
        if isinstance(found, pikepdf.Stream):
            _check_stream(found)
    if not len(pdf.pages):
        raise BrokenRuleError(Rule.DAMAGED)


def _is_roomy(warning: str) -> bool:
    """Returns whether the warning is only about an object count that is too high, which many programs write."""
    found = _COUNTED.search(warning)
    return found is not None and int(found[1]) > int(found[2])


def _within(found: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Yields an object and, at any depth, the direct objects inside it."""
    ahead = [found]
    while ahead:
        one = ahead.pop()
        yield one
        if isinstance(one, pikepdf.Dictionary | pikepdf.Array):
            inside = one.values() if isinstance(one, pikepdf.Dictionary) else one
            ahead += [each for each in inside if not each.is_indirect]


def _holds_active(found: pikepdf.Object | None) -> bool:
    if found is None:  # null, whatever the library's types say
        return False
    dictionary = found.stream_dict if isinstance(found, pikepdf.Stream) else found
    suspected = _SUSPECTED.search(dictionary.unparse(resolved=True))
    return suspected is not None and any(map(_is_active, _within(dictionary)))


def _is_active(found: pikepdf.Object) -> bool:
    if isinstance(found, pikepdf.Name):
        return found.is_indirect and str(found) in _ACTIONS | _ANNOTATIONS  # done only to hide a name
    if not isinstance(found, pikepdf.Dictionary):
        return False
    return (
        _name(found, "/S") in _ACTIONS
        or _name(found, "/Subtype") in _ANNOTATIONS
        or _name(found, "/Type") == "/EmbeddedFile"
        or _holds_code_or_files(found)
        or _leads_outside(found)
        or not all(_name(one, "/S") in _BY_ITSELF for one in _started(found))
    )


def _holds_code_or_files(found: pikepdf.Dictionary) -> bool:
    files = found.get("/EF")
    return (
        isinstance(found.get("/JS"), pikepdf.String | pikepdf.Stream)
        or isinstance(found.get("/XFA"), pikepdf.Array | pikepdf.Stream)
        or (isinstance(files, pikepdf.Dictionary) and any(isinstance(one, pikepdf.Stream) for one in files.values()))
    )


def _leads_outside(found: pikepdf.Dictionary) -> bool:
    """Returns whether a dictionary takes content from another file, or leads to another file."""
    return (
        (_name(found, "/S") == "/Thread" and "/F" in found)
        or (isinstance(page := found.get("/Ref"), pikepdf.Dictionary) and "/F" in page)
        or (isinstance(proxy := found.get("/OPI"), pikepdf.Dictionary) and not _OPI.isdisjoint(proxy.keys()))
    )


def _started(found: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    """Returns the actions that start by themselves because of this dictionary, and the actions that follow them."""
    by_events = found.get("/AA")
    ahead = [found.get("/OpenAction"), *(by_events.values() if isinstance(by_events, pikepdf.Dictionary) else ())]
    started: list[pikepdf.Dictionary] = []
    while ahead:
        one = ahead.pop()
        if isinstance(one, pikepdf.Dictionary) and _name(one, "/S") is not None:
            started.append(one)
            following = one.get("/Next")
            ahead.extend(following if isinstance(following, pikepdf.Array) else [following])
        if len(started) > _MOST_IN_TURN:
            raise BrokenRuleError(Rule.ACTIVE)
    return started


def _name(found: pikepdf.Dictionary, key: str) -> str | None:
    value = found.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else None


def _check_stream(stream: pikepdf.Stream) -> None:
    if "/F" in stream.stream_dict:  # its content lies in another file
        raise BrokenRuleError(Rule.ACTIVE)
    filters = _filters(stream)
    if len(filters) > MOST_FILTERS:
        raise BrokenRuleError(Rule.BOMB)
    if _name(stream.stream_dict, "/Subtype") == "/Image":
        check_size(int(stream.stream_dict["/Width"]), int(stream.stream_dict["/Height"]))
        if len(filters) == 1 and filters[0] in _HEADED:
            with picture(stream.read_raw_bytes(), *_HEADED[filters[0]]):
                return
    if _OPAQUE.isdisjoint(filters):
        stream.get_stream_buffer(decode_level=pikepdf.StreamDecodeLevel.specialized)


def _filters(stream: pikepdf.Stream) -> list[str]:
    found = stream.stream_dict.get("/Filter")
    return [str(one) for one in found] if isinstance(found, pikepdf.Array) else [str(found)] if found else []


def _why(told: Iterable[str]) -> str:
    """Returns the rule that a PDF breaks, as the library's error texts show. Raises `MemoryError` if memory ran out."""
    words = " ".join(told)
    if "bad_alloc" in words:
        raise MemoryError
    return Rule.BOMB if "limit exceeded" in words else Rule.DAMAGED
