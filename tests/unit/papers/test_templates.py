"""Templates of agencies: tried before they are published, refused with their line, and printed by."""

from __future__ import annotations

import pytest

from activities.printing import trial
from activities.printing.printed import printed
from activities.printing.templates import standard, version_of
from activities.printing.trial import Fault, Trial, faults, tried
from publishing.authoring.paper_templates import check_template
from rules.papers.samples import samples
from rules.papers.sheet import sheet
from schemas.papers.state import PaperKind
from tests.printed import codes, pages, raw_text
from tests.unit.papers.sources import CODE, TRACKING, accepted
from tests.words.mistakes import mistakes_in

OURS = standard().replace("#law", "#text(fill: blue)[Phường Hồng Hà kính báo.]\n#law")
ENDLESS = "\n#for a in range(100000) { for b in range(100000) { } }"
BROKEN: dict[str, tuple[str, Fault]] = {
    "a word that there is not": (
        standard().replace("#law", "#lawless"),
        Fault("template_broken", 9, "unknown variable: lawless"),
    ),
    "a bracket that stays open": (standard() + "#text(", Fault("template_broken", 11, "unclosed delimiter")),
    "a file that is not there": (standard() + '#image("x.png")', Fault("template_broken", 11, "file not found")),
    "a package": ('#import "@preview/cetz:0.4.0"\n' + standard(), Fault("template_reaches_out", 1)),
    "a package by another name": ('\n#import ("@" + "preview/cetz:0.4.0")', Fault("template_reaches_out", 2)),
    "code that is only text": (standard() + '#eval("1")', Fault("template_reaches_out", 11)),
    "a letter that the font lacks": (standard() + "漢", Fault("template_unprintable")),
    "no QR code": (standard().replace("#codes", "#d.code"), Fault("template_without_code")),
    "no title": (standard().replace("#title", ""), Fault("template_loses", said="Phiếu")),
}


@pytest.mark.parametrize("kind", PaperKind)
def test_the_standard_template_holds_for_every_paper(kind: PaperKind) -> None:
    assert tried(Trial(template=standard(), sheets=samples(kind))) == []


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_template_is_refused_with_its_line(why: str) -> None:
    template, fault = BROKEN[why]
    assert faults(Trial(template=template, sheets=samples(PaperKind.RECEIPT)))[0] == fault


def test_what_is_left_out_is_told() -> None:
    (short, long) = faults(Trial(template=standard().replace("#body", ""), sheets=samples(PaperKind.SUPPLEMENT)))
    assert (short.rule, short.said) == ("template_loses", "Lê Ý")
    assert long.said.startswith("00 Số 45/6 ngõ 789")


def test_the_last_item_of_forty_may_not_be_left_out_either() -> None:
    cut = '#for one in d.body { if "items" in one { one.items = one.items.slice(0, 39) }; (drawn.at(one.kind))(one) }'
    (fault,) = faults(Trial(template=standard().replace("#body", cut), sheets=samples(PaperKind.SUPPLEMENT)))
    assert (fault.rule, fault.said[:9]) == ("template_loses", "39 Đặng Ẵ")


def test_a_template_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "PATIENCE", 5.0)
    assert faults(Trial(template=standard() + ENDLESS, sheets=samples(PaperKind.RECEIPT))) == [
        Fault("template_without_end")
    ]


def test_every_fault_has_words_and_is_seen_here() -> None:
    found = [check_template(template.encode(), PaperKind.RECEIPT)[0] for template, _ in BROKEN.values()]
    found += check_template(b"\xff", PaperKind.RECEIPT)
    assert {one.rule for one in found} == mistakes_in("template") - {"template_without_end"}
    assert found[0].message.vi == "typst không dựng được: unknown variable: lawless"
    assert found[0].line == 9


def test_an_agency_prints_by_its_own_template() -> None:
    source = accepted().source("accepted")
    paper = sheet(PaperKind.RECEIPT, source)
    ours = printed(paper, source.cause.at, OURS)
    assert "Phường Hồng Hà kính báo." in raw_text(ours, "Mẫu số")
    assert ours == printed(paper, source.cause.at, OURS) != printed(paper, source.cause.at)
    assert codes(pages(ours)[0], 200)["QR Code"] == TRACKING.replace("{code}", CODE)
    assert version_of(OURS) != version_of() == version_of(standard())
