"""Wordings, in both languages, of facts that only the rules of a procedure may state, and its texts must not.

The checked text is in lower case, with single spaces, and with `◆` for each placeholder. Every repetition is bounded,
so that no text takes long.
"""

import re
from typing import Final, NamedTuple

from schemas.level import Channel


class Pattern(NamedTuple):
    """A wording that is refused outside of placeholders, and the rule that it breaks."""

    rule: str
    regex: re.Pattern[str]


def _any(*words: str) -> str:
    return rf"\b(?:{'|'.join(words)})\b"


def _unit(*words: str) -> str:
    """Returns a pattern for one of these words, even directly after digits."""
    return rf"(?<![^\W\d])(?:{'|'.join(words)})\b"


def _either(*found: str) -> str:
    return "|".join(found)


_TO_TEN: Final = ("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "bẩy", "tám", "chín", "mười")
_FROM_TWO: Final = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty"),
    *("sixty", "seventy", "eighty", "ninety"),
)
_COUNTED: Final = (*_TO_TEN, "nửa", "vài", "one", *_FROM_TWO, "half", "a hundred", "a couple of")
"""The words with which a number may begin."""
_THOUSANDS: Final = ("nghìn", "ngàn", "triệu", "tỷ", "tỉ", "thousand", "million", "billion")
_COUNTED_ON: Final = (
    *(*_COUNTED, *_THOUSANDS, "trăm", "hundred", "and", "a", "an"),
    *("mốt", "tư", "lăm", "mươi", "chục", "lẻ", "linh", "rưỡi"),
)
"""The words with which a number may continue."""
_DIGITS: Final = r"(?<![\w.,/])\d{1,15}(?:[., ]\d{1,15}){0,6}(?:st|nd|rd|th)?"
_WORDS: Final = rf"{_any(*_COUNTED)}(?:[ -]{_any(*_COUNTED_ON)}){{0,8}}"
_NUMBER: Final = rf"(?:{_DIGITS}(?: ?{_any(*_THOUSANDS)})?|{_WORDS})(?: ?\([^()]{{0,40}}\))?[ –-]{{0,3}}"
"""A number up to its unit: `5`, `05 (năm)`, `8.000.000`, `10 nghìn`, `hai mươi lăm`, `thirty-five`."""

_KIND_OF_DAY: Final = (
    "(?:(?:working|business|calend[ae]r|office|full|whole|consecutive|more|further|additional)[ -]){0,3}"
)
_UNITS_VI: Final = (
    *("giây", "phút", "giờ", "ngày", "tuần", r"tháng(?! \d)", "quý", r"năm(?! \d{4})", "tuổi", "hôm", "thập kỷ"),
    "tiếng(?! (?:anh|việt|nga|pháp|trung|nhật|hàn|đức|nước|nói|dân tộc))",
)
_UNITS_EN: Final = (
    *("seconds", "minutes?", "mins?", "hours?", "hrs?", "days?", "weeks?", "fortnights?", "months?", "quarters?"),
    *("years?", "decades?"),
)
_TIME: Final = _either(
    rf"{_NUMBER}{_KIND_OF_DAY}{_unit(*_UNITS_VI, *_UNITS_EN)}",
    rf"\b(?:within (?:the|an?)|(?:in|after|for|than|before) an?) (?:single )?{_KIND_OF_DAY}{_any(*_UNITS_EN)}",
    r"\b\d{1,3} ?h(?:[0-5]\d)?\b",
    r"\b\d{1,2}g[0-5]\d\b",
    r"\b24/7\b",
    rf"{_any('(?:ngay )?trong ngày', 'cùng ngày làm việc', '(?:giải quyết|trả|cấp|trả kết quả) ngay', 'ngay lập tức')}",
    rf"{_any('same[- ](?:working[- ])?day', 'immediately', 'at once', 'an? (?:week|fortnight|month)')}",
    r"(?<!tỷ lệ )(?<!tỉ lệ )(?<!scale )\b(?:[01]?\d|2[0-4]):[0-5]\d\b",
    r"\b\d{1,2} ?(?:am|pm|a\.m\.|p\.m\.)(?!\w)",
)

_DONG: Final = "đồng(?! (?:chủ|sở hữu|thừa kế|tác giả|thời|ý|phạm|nghiệp))"
_CURRENCY: Final = rf"(?:{_unit(_DONG, 'vnđ', 'vnd', 'dongs?', 'usd', 'dollars?', 'đô la', 'euros?')}|[₫$€])"
_NOT_MONEY: Final = _any("m[23]?", "ha", "[kcm]m[23]?", "kg", "người", "bản", "people", "persons", "copies")
_MONEY: Final = _either(
    rf"{_NUMBER}{_CURRENCY}",
    r"(?:\b(?:vnđ|vnd|usd)|[₫$€]) ?\d",
    r"\d ?đ(?!\w)",
    r"\d(?:k| ?tr)\b",
    rf"{_DIGITS} ?{_unit(*_THOUSANDS)}",
    rf"{_any(*_COUNTED)}(?:[ -]{_any(*_COUNTED_ON)}){{0,4}}[ -]{_any(*_THOUSANDS)}",
    rf"(?<![\w.,/])(?<!\d )\d{{1,3}}(?:[., ]\d{{3}}){{1,4}}(?![\w/]|[., ]\d)(?! ?{_NOT_MONEY})",
    rf"{_any('phí', 'mức', 'thu', 'giá', 'tiền', 'fees?', 'charges?', 'costs?', 'pays?')}[: ]{{1,2}}(?:\w+ ){{0,2}}"
    r"(?!(?:19|20)\d{2}\b)\d{4,9}(?![\w/]|[.,]\d)",
)

_PERCENT: Final = _either(r"\d ?[%‰]", rf"{_NUMBER}{_unit('phần trăm', 'percent', 'per cent', 'pct')}")

_MONTH: Final = _any(
    *("january", "february", "march", "april", "june", "july", "august", "september", "october", "november"),
    *("december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept?", "oct", "nov", "dec"),
)
_DATE: Final = _either(
    r"(?<![\w/.-])\d{1,2}([/.-])\d{1,2}\1\d{4}(?!\w)",
    r"(?<![\w/.-])\d{1,2}/\d{1,2}/\d{2}(?![\w/])",
    r"(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)",
    rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH}|may \d{{4}})",
    rf"(?:{_MONTH}\.?|\bmay(?= \d{{1,2}},? \d{{4}})) \d{{1,4}}\b",
    r"\bngày \d{1,2} ?(?:[/.-] ?\d{1,2}\b|tháng\b)",
    r"\b\d{1,2} tháng \d",
    r"\bquý (?:i{1,3}|iv|[1-4])\b",
    r"\btháng \d{1,2} ?(?:[/.-]|năm) ?\d{4}",
    rf"{_any('đến', 'hết', 'trước', 'until', 'till', 'before', 'end of')}"
    r" (?:năm )?(?:19|20)\d{2}\b(?![/.-]\d)",
    r"\b(?:từ|đến|trước|sau|from|until|till|to|since|before|after|by) \d{1,2}/\d{4}(?![\w/])",
)

_SETS: Final = _either(
    r"\b\d+(?: ?\([^()]{0,40}\))? bộ\b(?! (?:phận|môn|ngành|trưởng))",
    rf"{_any(*_TO_TEN)} bộ(?= (?:hồ sơ|giấy tờ)|[.;)]|$)",
    rf"(?:\b\d+|{_any(*_FROM_TWO)}) (?:[a-z]+ )?sets\b",
    r"\b(?:1|one|a single) (?:[a-z]+ )?set\b|\ba set of papers\b|\bin (?:du|tri)plicate\b",
)

CHANNELS: Final = {
    Channel.ONLINE: re.compile(
        _any(
            *("trực tuyến", "(?:qua|trên) mạng", "internet", "nộp (?:hồ sơ )?điện tử", "online", "e-?mail"),
            *("cổng (?:dịch vụ|dvc(?:qg)?)", "portal", "(?:file|filed|filing|send|sent) electronically"),
        )
    ),
    Channel.COUNTER: re.compile(
        _any(
            *("(?:tại|ở|đến) (?:bộ phận (?:một cửa|tiếp)|quầy|trụ sở|trung tâm phục vụ)",),
            *("(?:nộp|nhận|đến) trực tiếp", "trực tiếp (?:tại|nộp|đến nộp)", "in[- ]person"),
            r"(?:at|over) (?:the|a) (?:[\w'’-]+ ){0,4}(?:desk|counter|office|one-stop shop)",
        )
    ),
    Channel.POST: re.compile(
        _any(
            *("bưu chính", "bưu điện", "bcci", "gửi (?:bằng |qua )?thư"),
            "(?:by|through|via) (?:the )?(?:[a-z]+ )?(?:post|mail|courier)",
        )
    ),
}
"""The wordings that mention a channel."""

_WAIVED: Final = _any(
    *("miễn(?! là)", "giảm (?:phí|lệ phí|mức|giá|tiền|nửa|một nửa|1 nửa)", "một nửa (?:mức|phí|lệ phí|tiền)"),
    *("không thu", "không (?:tính|tốn|mất) (?:phí|lệ phí|tiền)", "không phải (?:nộp|trả|đóng) (?:phí|lệ phí|tiền)"),
    *("phí bằng không", "free", "gratis", "exempt(?:ed|ions?|s)?", "waive[rds]?", "not charged", "at no cost"),
    *("(?:no|zero|reduced) (?:fees?|charges?|costs?)", "(?:pays?|costs?) nothing", "nothing to pay"),
    *("half[- ]price", "half (?:the )?(?:fee|charge)", "without (?:an? |any )?(?:fee|charge|payment|cost)s?"),
)
_PAPER: Final = _any(
    *("tờ khai", "đơn (?:đề nghị|đăng ký|xin|yêu cầu|khiếu nại)", "sổ hộ khẩu"),
    "giấy (?:đề nghị|khai sinh|khám sức khỏe|xác nhận|chứng (?:sinh|tử|nhận))",
    *("declarations?", "application forms?", "(?:birth|death|medical) notices?", "certificates?"),
)


def _pattern(rule: str, found: str) -> Pattern:
    return Pattern(rule, re.compile(found))


IN_EVERY_TEXT: Final = (
    _pattern("money_in_text", _MONEY),
    _pattern("time_in_text", _TIME),
    _pattern("percent_in_text", _PERCENT),
    _pattern("date_in_text", _DATE),
    _pattern("sets_in_text", _SETS),
)
IN_INFORMATION: Final = (
    *(Pattern("channel_in_text", found) for found in CHANNELS.values()),
    _pattern("waiver_in_text", _WAIVED),
    _pattern("paper_in_text", _PAPER),
)
"""Further patterns for the information page, where people look for papers, channels and costs."""
