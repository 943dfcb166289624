"""A paper of the demo is what it says it is."""

from __future__ import annotations

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it has no types

from motcua.testing import page


def test_a_paper_of_the_demo_is_a_pdf_of_one_page_that_can_be_read() -> None:
    document = pdfium.PdfDocument(page("identity: CANARY-ABCDEFG-00001"))
    assert len(document) == 1
    assert document[0].get_textpage().get_text_range() == "identity: CANARY-ABCDEFG-00001"
