"""What we print doesn't say that it is PDF/A, which nobody has confirmed, though typst was asked for it."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pikepdf
import pytest
import typst

from activities.forms.printing import printed as printed_form
from activities.printing.printed import printed
from activities.printing.typesetter import FONTS, STANDARD, unclaimed
from activities.results.notice import notice, stamp
from rules.papers.sheet import sheet
from schemas.papers.state import PaperKind
from tests.unit.forms.gallery import forty_rows
from tests.unit.papers.sources import accepted

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
CLAIMS = (b"pdfa", b"GTS_PDFA", b"pdfuaid")


FILES: dict[str, Callable[[], bytes]] = {
    "notice": lambda: notice("Sở Xây dựng", "K1", "Giấy phép", AT),
    "stamp": lambda: stamp("Lê Thị Ước", "Lãnh đạo", AT),
    "paper": lambda: printed(sheet(PaperKind.RECEIPT, accepted().source("accepted")), AT),
    "form": lambda: printed_form(forty_rows(), AT),
}


@pytest.mark.parametrize("name", FILES)
def test_no_word_of_it_stands_anywhere(name: str) -> None:
    file = FILES[name]()
    assert not [claim for claim in CLAIMS if claim in file], name
    with pikepdf.open(BytesIO(file)) as pdf:
        assert "/OutputIntents" not in pdf.Root
        streams = [one.read_bytes() for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        assert not [claim for claim in CLAIMS for stream in streams if claim in stream]
        with pdf.open_metadata() as metadata:
            assert (metadata.pdfa_status, metadata["xmp:CreatorTool"][:5]) == ("", "Typst")


def test_nothing_else_is_touched_and_what_a_title_says_stays() -> None:
    """Titles that look like the claim are written as they are."""
    title = "/OutputIntents 3 0 R /S/GTS_PDFA1 <pdfaid:part>2</pdfaid:part> endobj"
    source = f'#set document(title: "{title}", date: datetime(year: 2026, month: 11, day: 30))\n#title'
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    made = typst.Compiler(source.encode(), font_paths=fonts).compile(timestamp=AT, pdf_standards=STANDARD)
    assert isinstance(made, bytes)
    cleared = unclaimed(made)
    assert len(cleared) == len(made)
    with pikepdf.open(BytesIO(cleared)) as pdf, pdf.open_metadata() as metadata:
        assert str(pdf.docinfo["/Title"]) == metadata["dc:title"] == title
        assert metadata.pdfa_status == ""
