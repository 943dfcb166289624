"""Texts can't contradict the rules: facts outside placeholders are reported; placeholders get the rules' values."""

import json
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from publishing.authoring.procedures import check_bytes
from publishing.checks.procedure import problems
from rules.wording.rule_words import PLACEHOLDER, filled, names, numbers
from schemas.base import Text
from schemas.publishing.fact import Fact, Statement
from schemas.publishing.procedure import Procedure
from tests.tiers import examples
from tests.walking import walked

from .broken_procedures import FACT, good
from .changing import Raw, put

FILES: Final = sorted((Path(__file__).parents[3] / "procedures").glob("*.yaml"))
TODAY: Final = date(2026, 11, 27)
PAGE: Final = "information.conditions"

CONTRADICTIONS: Final = [
    # money, in digits and in words
    (f"{PAGE}.vi", "Thu 8.000 đồng.", {"money_in_text"}),
    (f"{PAGE}.vi", "Khoảng 100k.", {"money_in_text"}),
    (f"{PAGE}.vi", "Thu 10 nghìn đồng.", {"money_in_text"}),
    (f"{PAGE}.vi", "Thu hai triệu đồng.", {"money_in_text"}),
    (f"{PAGE}.vi", "Thu tám nghìn mỗi bản.", {"money_in_text"}),
    (f"{PAGE}.vi", "Mỗi bản 8.000, không hơn.", {"money_in_text"}),
    (f"{PAGE}.en", "It costs VND 8,000.", {"money_in_text"}),
    (f"{PAGE}.en", "It costs two million dong.", {"money_in_text"}),
    (f"{PAGE}.en", "It costs $5.", {"money_in_text"}),
    (f"{PAGE}.vi", "Mức thu: 100 000.", {"money_in_text"}),
    (f"{PAGE}.en", "The fee of 20000 is paid.", {"money_in_text"}),
    # time
    (f"{PAGE}.vi", "Trả trong 5 ngày làm việc.", {"time_in_text"}),
    (f"{PAGE}.vi", "Trả trong ba ngày.", {"time_in_text"}),
    (f"{PAGE}.vi", "Trả trong hai mươi lăm ngày.", {"time_in_text"}),
    (f"{PAGE}.vi", "Trả trong nửa ngày.", {"time_in_text"}),
    (f"{PAGE}.vi", "Trả trong 24h.", {"time_in_text"}),
    (f"{PAGE}.vi", "Nhận trước 15:00.", {"time_in_text"}),
    (f"{PAGE}.vi", "Nhận trước 17g30.", {"time_in_text"}),
    (f"{PAGE}.vi", "Chờ tám tiếng.", {"time_in_text"}),
    (f"{PAGE}.vi", "Chờ 5ngày.", {"time_in_text"}),
    (f"{PAGE}.en", "Ready within 48hrs.", {"time_in_text"}),
    (f"{PAGE}.en", "Ready in 5 working-days.", {"time_in_text"}),
    (f"{PAGE}.en", "Open 24/7.", {"time_in_text"}),
    (f"{PAGE}.en", "Ready in five working days.", {"time_in_text"}),
    (f"{PAGE}.en", "A 30-day limit.", {"time_in_text"}),
    (f"{PAGE}.en", "Ready within a week.", {"time_in_text"}),
    (f"{PAGE}.en", "Ready at 3 pm.", {"time_in_text"}),
    (f"{PAGE}.en", "From sixteen years on.", {"time_in_text"}),
    ("review[1].consult.parties[0].name.vi", "Công an (trả lời trong 2\nngày)", {"time_in_text"}),
    # percentages, dates, sets
    (f"{PAGE}.vi", "Giảm còn 50 %.", {"percent_in_text"}),
    (f"{PAGE}.vi", "Năm mươi phần trăm.", {"percent_in_text"}),
    (f"{PAGE}.en", "Half a percent, or ten percent.", {"percent_in_text"}),
    (f"{PAGE}.vi", "Áp dụng từ 15/8/2026.", {"date_in_text"}),
    (f"{PAGE}.vi", "Áp dụng đến ngày 28 tháng 2 năm 2027.", {"date_in_text"}),
    (f"{PAGE}.vi", "Áp dụng đến 12/2025.", {"date_in_text"}),
    (f"{PAGE}.vi", "Áp dụng đến hết năm 2026.", {"date_in_text"}),
    (f"{PAGE}.en", "In force until the end of 2026.", {"date_in_text"}),
    (f"{PAGE}.vi", "Giải quyết ngay trong ngày.", {"time_in_text"}),
    (f"{PAGE}.vi", "Trả kết quả ngay.", {"time_in_text"}),
    (f"{PAGE}.en", "Decided on the same day.", {"time_in_text"}),
    (f"{PAGE}.vi", "Áp dụng từ quý III/2026.", {"date_in_text"}),
    (f"{PAGE}.en", "In force on 15 August 2026.", {"date_in_text"}),
    (f"{PAGE}.en", "In force since March 1, 2027.", {"date_in_text"}),
    (f"{PAGE}.vi", "Nộp 02 bộ hồ sơ.", {"sets_in_text"}),
    (f"{PAGE}.en", "Send two sets.", {"sets_in_text"}),
    (f"{PAGE}.en", "Send it in duplicate.", {"sets_in_text"}),
    # channels, waivers and papers of the information page
    ("information.how.vi", "Nộp trực tuyến.", {"channel_in_text"}),
    ("information.how.vi", "Gửi qua bưu chính công ích.", {"channel_in_text"}),
    ("information.how.vi", "Nộp trên Cổng DVCQG.", {"channel_in_text"}),
    ("information.how.en", "File on the portal.", {"channel_in_text"}),
    ("information.how.en", "Send it by e-mail.", {"channel_in_text"}),
    ("information.how.en", "File at the land registration office.", {"channel_in_text"}),
    (f"{PAGE}.vi", "Được miễn lệ phí.", {"waiver_in_text"}),
    (f"{PAGE}.en", "Registration is free of charge.", {"waiver_in_text"}),
    (f"{PAGE}.vi", "Nộp một nửa mức phí.", {"waiver_in_text"}),
    (f"{PAGE}.en", "Pupils pay half the fee.", {"waiver_in_text"}),
    (f"{PAGE}.en", "Pupils are exempt.", {"waiver_in_text"}),
    ("information.steps.vi", "Nộp tờ khai.", {"paper_in_text"}),
    ("information.steps.en", "Send the declaration.", {"paper_in_text"}),
    # what only looks like something else
    (f"{PAGE}.vi", "Trả trong ５ ngày.", {"time_in_text", "unplain_character"}),
    (f"{PAGE}.vi", "Thu 8.000\u00a0đồng.", {"money_in_text", "unplain_character"}),
    (f"{PAGE}.en", "Ready in 5 dаys.", {"unplain_character"}),
    (f"{PAGE}.vi", "Thu 8.000 đ\u034fồng.", {"money_in_text", "unplain_character"}),
    (f"{PAGE}.vi", "Tra\u0309 trong 5 nga\u0300y.", {"time_in_text"}),
]
"""The place of a text, its content, and the rules that it breaks."""

HARMLESS: Final = [
    "NQ 66.22/2026/NQ-CP, Điều 5 khoản 2.",
    "NĐ 217/2026/NĐ-CP Đ53–60; TT 12/2025/TT-BTC.",
    "Theo Thông tư số 5 năm 2026.",
    "Luật Hộ tịch 03/2026, điểm đ khoản 1.",
    "Mẫu CT01, Mẫu số 5 và mẫu 01.",
    "Mã thủ tục 1.001193 hoặc 1.001029.000.00.00.H29.",
    "Từ 1 đến 5 phòng, từ 6 phòng.",
    "Cấp một phần, hai bên cùng ký.",
    "Gia hạn một lần, nhiều nhất 2 lần.",
    "Hợp đồng của hai đồng chủ sở hữu; Hội đồng nhân dân.",
    "Thửa đất số 5, tờ bản đồ 12, tỷ lệ 1:50, 1.000 m².",
    "Nộp cùng ngày, trong giờ hành chính, hằng năm.",
    "Từ năm 2026 do xã giải quyết.",
    "Chủ đầu tư có giấy phép xây dựng.",
    "Một bộ phận của sở; 3 bộ phận.",
    "Định danh điện tử mức 2, đã tích hợp 5 giấy tờ trên VNeID.",
    "Bộ phận một cửa tiếp nhận, trả bản điện tử.",
    "Tác động trực tiếp đến người khiếu nại.",
    "Miễn là còn hiệu lực.",
    "Lệ phí do Hội đồng nhân dân tỉnh quy định.",
    "Vốn ghi bằng triệu đồng.",
    "Thu hồi giấy phép năm 2026, giá trị đất theo bảng giá 2026.",
    "Điện thoại 0912 345 678, 1900 1009 hoặc 024 3825 1234.",
    "Biết hai tiếng Anh, Pháp; cùng một tiếng nói.",
    "Decree 224/2026, art. 14 k2.",
    "The commune where the office stands; the post it holds.",
    "The parties act freely and in time.",
    "One of the two parties signs; once a year at most.",
    "The civil status officer sets a date.",
    "Whoever may march is a citizen of the day.",
    "Minutes of the family's meeting.",
    "The second copy goes to the agency.",
    "It is signed electronically; post office box 7.",
    "“Quoted” words – with dashes… and 100 m².",
]


def say(raw: Raw, path: str, text: str) -> None:
    put(path, text)(raw)
    if path.startswith("information."):  # nothing else stands there
        put(path[:-2] + ("en" if path.endswith("vi") else "vi"), "-")(raw)


def rules_at(raw: object) -> set[tuple[str, str]]:
    return {(entry.path, entry.rule) for entry in problems(raw, today=TODAY)}


@walked(("path", "text", "rules"), CONTRADICTIONS, ids=[text for _, text, _ in CONTRADICTIONS], exactly=64)
def test_a_text_that_says_what_a_rule_says_is_refused_at_its_line(path: str, text: str, rules: set[str]) -> None:
    raw = good()
    say(raw, path, text)
    data = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=10_000).encode()
    mistakes = check_bytes(data).mistakes
    assert {(entry.path, entry.rule) for entry in mistakes} == {(path, rule) for rule in rules}
    for entry in mistakes:
        assert entry.line is not None
        assert data.decode().split("\n")[entry.line - 1].strip().startswith(path[-2:] + ":")


@walked("text", HARMLESS, exactly=34)
@walked("path", [PAGE, "name", "fee.waivers[0].name"], exactly=3)
def test_what_no_rule_says_may_be_said(path: str, text: str) -> None:
    raw = good()
    put(f"{path}.vi", text)(raw)
    put(f"{path}.en", text)(raw)
    put("information.conditions.source", "unconfirmed")(raw)
    assert rules_at(raw) == set()


@pytest.mark.parametrize(
    ("channel", "name"),
    [("online", "Phí nộp trực tuyến"), ("counter", "Phí nộp tại bộ phận một cửa"), ("post", "Phí nộp qua bưu chính")],
)
def test_a_name_may_say_the_channel_that_its_own_conditions_ask_for(channel: str, name: str) -> None:
    raw = good()
    raw["fee"]["items"][1] |= {"name": {"vi": name, "en": "Charge"}, "when": [{"channel": channel}]}
    assert rules_at(raw) == set()
    raw["fee"]["items"][1]["when"] = [{"channel": "post" if channel != "post" else "online"}]
    assert rules_at(raw) == {("fee.items[1].name", "channel_of_name")}


@walked(
    ("text", "rule", "known"),
    [
        (
            "{fee.lunch}",
            "placeholder_unknown",
            "fee.bulk.when, fee.duty, fee.duty.maximum, fee.duty.minimum, fee.extract",
        ),
        ("{waiver.rich}", "placeholder_unknown", "waiver.poor, waiver.pupil"),
        ("{limit.lunch}", "placeholder_unknown", "limit.processing"),
        ("{lunch}", "placeholder_unknown", "channels, fee, figure, limit"),
        ("{fee", "placeholder_form", None),
        ("fee}", "placeholder_form", None),
        ("{fee.extract.when.then}", "placeholder_form", None),
        ("1 {fee.extract}", "placeholder_stuck", None),
        ("{fee.extract}{sets}", "placeholder_stuck", None),
    ],
    exactly=9,
)
def test_a_placeholder_without_a_value_names_those_there_are(text: str, rule: str, known: str | None) -> None:
    raw = good()
    put(f"{PAGE}.vi", text)(raw)
    put(f"{PAGE}.en", text)(raw)
    mistakes = problems(raw)
    assert {(entry.path, entry.rule) for entry in mistakes} == {(f"{PAGE}.{name}", rule) for name in ("vi", "en")}
    if known is not None:
        assert all(known in entry.fix.vi and known in entry.fix.en for entry in mistakes)


def every_part() -> Procedure:
    """Returns a procedure with each kind of placeholder, read from JSON as the engine reads it."""
    raw = good()
    refer = FACT | {"code": "parts", "name": {"vi": "Phần", "en": "Parts"}, "role": "specialist", "act": "refer"}
    part = FACT | {"code": "residence", "name": {"vi": "Cư trú", "en": "Residence"}, "kinds": ["commune_police"]}
    referral = FACT | {"parts": [part | {"limit": "7 working days"}]}
    raw["review"].insert(0, refer | {"limit": "8 working days", "referral": referral})
    del raw["silent_approval"]
    raw["limits"] |= {"cut_off": "15:00", "processing": "10 working days", "reappointment": "3 working days"}
    raw["papers"][0]["name"] = {"vi": "Giấy chứng sinh", "en": "Birth notice"}
    raw["figures"] += [
        FACT | {"code": "duty", "amount": 0.5, "unit": "percent"},
        FACT | {"code": "month", "amount": 1, "unit": "months"},
    ]
    raw["cases"] = [FACT | {"code": "far", "name": {"vi": "Xa", "en": "Far"}, "processing": "5 working days"}]
    raw["information"]["sets"] = 2
    return Procedure.model_validate_json(json.dumps(raw))


SAID: Final = [
    ("fee.extract", "8.000 đồng", "8,000 đồng"),
    ("fee.bulk.when", "khi “Số lượng bản sao” là từ 20 đến 50", "when “Number of copies” is from 20 to 50"),
    ("fee.haste.when", "khi “Tên” là có", "when “Name” is yes"),
    ("waiver.pupil.when", "khi người nộp là cá nhân", "when the applicant is a person"),
    ("waiver.poor", "miễn toàn bộ", "nothing to pay"),
    (
        "waiver.pupil",
        "giảm 50% từ ngày 15/8/2026 đến hết ngày 28/2/2027",
        "50% off from 15 August 2026 to 28 February 2027",
    ),
    ("fee.many.maximum", "60.000 đồng", "60,000 đồng"),
    (
        "fee.late.when",
        "khi số ngày từ “Tên” đến ngày tiếp nhận là từ 61 trở lên, từ ngày 1/1/2026",
        "when “Name” is 61 or more days before the receipt, from 1 January 2026 on",
    ),
    ("case.far", "5 ngày làm việc", "5 working days"),
    ("limit.intake", "8 giờ làm việc", "8 working hours"),
    ("limit.processing", "10 ngày làm việc", "10 working days"),
    ("limit.transfer", "1 ngày làm việc", "1 working day"),
    ("limit.cut_off", "15:00", "15:00"),
    ("limit.supplement.within", "3 ngày làm việc", "3 working days"),
    ("limit.extension", "2 ngày làm việc", "2 working days"),
    ("limit.extension.notice", "cùng ngày làm việc", "the same working day"),
    ("step.opinions", "1 ngày làm việc", "1 working day"),
    ("step.tax.pay", "10 ngày làm việc", "10 working days"),
    ("part.residence", "7 ngày làm việc", "7 working days"),
    (
        "channels.filing",
        "trực tuyến, tại Bộ phận Một cửa hoặc qua dịch vụ bưu chính công ích",
        "online, at the one-stop desk or by public post",
    ),
    ("paper.birth_notice", "Giấy chứng sinh", "Birth notice"),
    ("sets", "2 bộ hồ sơ", "2 sets of papers"),
    ("result", "Bản sao trích lục hộ tịch", "Copy of an extract from the civil status register"),
    ("figure.age", "16 tuổi", "16 years of age"),
    ("figure.month", "1 tháng", "1 month"),
]


@walked(("name", "vi", "en"), SAID, ids=[name for name, _, _ in SAID], exactly=25)
def test_a_placeholder_says_what_the_rule_says_in_both_languages(name: str, vi: str, en: str) -> None:
    procedure = every_part()
    text = Statement(vi=f"Theo quy định: {{{name}}}.", en=f"The rule: {{{name}}}.", source="unconfirmed")
    information = procedure.information.model_copy(update={"how": text})
    how = filled(procedure.model_copy(update={"information": information})).information.how
    assert (how.vi, how.en) == (f"Theo quy định: {vi}.", f"The rule: {en}.")


def test_a_result_as_filed_names_its_channels_by_the_way_of_filing() -> None:
    procedure = every_part()
    as_filed = procedure.model_copy(update={"result": procedure.result.model_copy(update={"as_filed": True})})
    said = numbers(as_filed)["channels.result"]()
    by_hand = "tại Bộ phận Một cửa hoặc qua dịch vụ bưu chính công ích"
    assert said.vi == f"trực tuyến khi nộp trực tuyến; {by_hand} khi nộp hồ sơ giấy"
    assert said.en == "online if filed online; at the one-stop desk or by public post if filed on paper"


def test_channels_that_open_after_an_incident_are_named_apart() -> None:
    procedure = every_part()
    said = numbers(procedure.model_copy(update={"paper_on_incident": Fact(source="unconfirmed")}))["channels.filing"]()
    by_hand = "tại Bộ phận Một cửa hoặc qua dịch vụ bưu chính công ích"
    assert said.vi == f"trực tuyến; chỉ khi có sự cố khiến không thể nộp trực tuyến mới được nộp {by_hand}"


def test_names_that_hold_a_figure_are_filled_before_they_stand_in_the_information() -> None:
    raw = good()
    raw["result"]["name"] = {"vi": "Thẻ dưới {figure.age}", "en": "Card under {figure.age}"}
    raw["information"]["how"] |= {"vi": "Nhận: {result}.", "en": "Received: {result}."}
    assert rules_at(raw) == set()
    page = filled(Procedure.model_validate_json(json.dumps(raw))).information
    assert (page.how.vi, page.how.en) == ("Nhận: Thẻ dưới 16 tuổi.", "Received: Card under 16 years of age.")


def test_what_an_old_file_holds_stays_as_it_stands() -> None:
    raw = good() | {"name": {"vi": "Tên {x} {limit.lunch}", "en": "{"}}
    name = filled(Procedure.model_validate_json(json.dumps(raw))).name
    assert (name.vi, name.en) == ("Tên {x} {limit.lunch}", "{")


def texts(part: object) -> list[str]:
    match part:
        case Text() | Statement():
            return [part.vi, part.en]
        case BaseModel():
            return [text for _, value in part for text in texts(value)]
        case tuple():
            return [text for value in part for text in texts(value)]
    return []


@walked("path", FILES, ids=lambda path: path.name, at_least=29)
def test_every_text_of_the_catalogue_is_filled(path: Path) -> None:
    procedure = check_bytes(path.read_bytes(), today=TODAY).procedure
    assert procedure is not None
    assert any("{" in text for text in texts(procedure))
    assert [text for text in texts(filled(procedure)) if re.search("[{}]", text)] == []
    assert filled(filled(procedure)) == filled(procedure)


def written_out() -> list[tuple[str, str, str]]:
    """Returns the catalogue's placeholders for amounts, times and channels, each with its file, place and name."""
    return [
        (path.name, place, match[1])
        for path in FILES
        for place, text in placed(yaml.safe_load(path.read_bytes()), "")
        for match in PLACEHOLDER.finditer(text)
        if not match[1].startswith(("paper.", "result")) and not match[1].endswith((".when", "figure.extensions"))
    ]


def placed(value: Any, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            yield from ((f"{path}.{key}", value[key]) for key in ("vi", "en") if isinstance(value.get(key), str))
            for key, entry in value.items():
                yield from placed(entry, f"{path}.{key}" if path else key)
        case list():
            for n, entry in enumerate(value):
                yield from placed(entry, f"{path}[{n}]")


@walked(("name", "place", "placeholder"), written_out, at_least=300)
def test_what_fills_a_placeholder_is_refused_written_out(name: str, place: str, placeholder: str) -> None:
    raw = yaml.safe_load(next(path for path in FILES if path.name == name).read_bytes())
    procedure = Procedure.model_validate(raw)
    words = getattr({**numbers(procedure), **names(procedure)}[placeholder](), place[-2:])
    other = place[:-2] + ("en" if place.endswith("vi") else "vi")
    put(place, dict(placed(raw, ""))[place].replace(f"{{{placeholder}}}", words))(raw)
    put(other, dict(placed(raw, ""))[other].replace(f"{{{placeholder}}}", "-"))(raw)
    assert place in {path for path, _ in rules_at(raw)}


KNOWN: Final = [*numbers(every_part()), *names(every_part())]
PIECES: Final = [
    *(f"{{{name}}}" for name in [*KNOWN, "fee.lunch", "x"]),
    *(
        *("{", "}", "5", "ngày", " ", ".", "đồng", "một", "triệu", "\u0300", "𝟓", "free", "15:00", "%"),
        *("/2026", "\n", "and "),
    ),
]


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join))
def test_no_text_is_too_strange_and_none_that_passes_keeps_a_brace(text: str) -> None:
    raw = good()
    put(f"{PAGE}.vi", text)(raw)
    put(f"{PAGE}.en", text)(raw)
    put("name.vi", text)(raw)
    if not problems(raw):
        assert not re.search("[{}]", "".join(texts(filled(Procedure.model_validate_json(json.dumps(raw))))))


@pytest.mark.parametrize("piece", ["một ", "1 (", "{fee} "])
def test_the_time_that_a_text_takes_grows_with_its_length_alone(piece: str) -> None:
    def seconds(length: int) -> float:
        raw = good()
        put("name.vi", piece * (length // len(piece)))(raw)
        begun = time.process_time()
        problems(raw)
        return time.process_time() - begun

    assert seconds(160_000) < 8 * max(seconds(40_000), 0.05)


def test_without_a_day_nobody_asks_whether_it_was_checked_in_the_future() -> None:
    raw = good() | {"checked": "2999-01-01"}
    assert problems(raw) == []
    assert rules_at(raw) == {("checked", "checked_in_future")}
