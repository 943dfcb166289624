"""What of some input does not fit its model, in Vietnamese and English. Never a value of it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType


class Misfit(NamedTuple):
    """One place that does not fit: its path, the rule by its stable word, and what to do."""

    field: str
    rule: str
    vi: str
    en: str


def misfits(error: ValidationError) -> tuple[Misfit, ...]:
    """Each place that does not fit."""
    details = error.errors(include_input=False, include_url=False)[:_MOST]
    return tuple(
        Misfit(path(tuple(each["loc"])), each["type"], _in_vietnamese(each), _in_english(each)) for each in details
    )


_NAME: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]{0,63}|[0-9]{4}-[0-9]{2}-[0-9]{2}|\[key\])\Z")
"""A field, or a day of a calendar. Other keys may be whatever somebody made up."""

_MOST: Final = 100
"""So many places are told at once."""


def path(loc: tuple[Any, ...]) -> str:
    """A pydantic location as a path: `("papers", 0, "file")` → `papers[0].file`. What is no name shows as `?`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part if _NAME.match(part) else '?'}" for part in loc]
    return "".join(parts).removeprefix(".")


def _in_vietnamese(detail: ErrorDetails) -> str:
    return _worded(_VIETNAMESE.get(detail["type"], "giá trị không hợp lệ; xem JSON Schema của thông điệp"), detail)


def _in_english(detail: ErrorDetails) -> str:
    """Our own words. What is no rule of pydantic's is one of ours, and its message says already what to do."""
    if detail["type"] not in _PYDANTICS:
        return detail["msg"]
    return _worded(_ENGLISH.get(detail["type"], "this is no valid value; see the JSON Schema of the message"), detail)


def _worded(words: str, detail: ErrorDetails) -> str:
    return words.format_map(defaultdict(str, detail.get("ctx", {})))


_PYDANTICS: Final = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error"}

_ENGLISH: Final = {
    "missing": "this field is needed; add it",
    "extra_forbidden": "there is no such field; leave it out",
    "string_type": "must be text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "may have at most {max_length} characters",
    "string_pattern_mismatch": "must be of the form {pattern}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "too_short": "must have at least {min_length} entries",
    "too_long": "may have at most {max_length} entries",
    "enum": "must be one of: {expected}",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "must be one of: {expected_tags}",
    "union_tag_not_found": "this is told apart by the field {discriminator}; add it",
    "model_type": "must be an object with named fields",
    "model_attributes_type": "must be an object with named fields",
    "dict_type": "must be an object with named fields",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "date_type": "must be a date such as 2026-08-22",
    "date_parsing": "must be a date such as 2026-08-22",
    "date_from_datetime_parsing": "must be a date such as 2026-08-22",
    "datetime_type": "must be a moment as ISO 8601 writes it, such as 2026-08-22T09:00:00+07:00",
    "datetime_parsing": "must be a moment as ISO 8601 writes it, such as 2026-08-22T09:00:00+07:00",
    "datetime_from_date_parsing": "must be a moment as ISO 8601 writes it, such as 2026-08-22T09:00:00+07:00",
    "timezone_aware": "the moment needs its time zone, such as +07:00",
}


_VIETNAMESE: Final = {
    "missing": "thiếu trường bắt buộc",
    "extra_forbidden": "không có trường này; hãy bỏ ra",
    "string_type": "phải là văn bản",
    "string_too_short": "phải có ít nhất {min_length} ký tự",
    "string_too_long": "chỉ được có nhiều nhất {max_length} ký tự",
    "string_pattern_mismatch": "phải đúng mẫu {pattern}",
    "int_type": "phải là số nguyên",
    "int_parsing": "phải là số nguyên",
    "int_from_float": "phải là số nguyên",
    "float_type": "phải là số",
    "float_parsing": "phải là số",
    "finite_number": "phải là số hữu hạn",
    "bool_type": "phải là true hoặc false",
    "bool_parsing": "phải là true hoặc false",
    "greater_than": "phải lớn hơn {gt}",
    "greater_than_equal": "phải từ {ge} trở lên",
    "less_than": "phải nhỏ hơn {lt}",
    "less_than_equal": "không được quá {le}",
    "too_short": "phải có ít nhất {min_length} mục",
    "too_long": "chỉ được có nhiều nhất {max_length} mục",
    "enum": "phải là một trong: {expected}",
    "literal_error": "phải là {expected}",
    "union_tag_invalid": "phải là một trong: {expected_tags}",
    "union_tag_not_found": "thiếu trường {discriminator}, để biết đây là loại nào",
    "uuid_type": "phải là UUID",
    "uuid_parsing": "phải là UUID",
    "date_type": "phải là ngày, như 2026-08-22",
    "date_parsing": "phải là ngày, như 2026-08-22",
    "date_from_datetime_parsing": "phải là ngày, như 2026-08-22",
    "datetime_type": "phải là thời điểm theo ISO 8601",
    "datetime_from_date_parsing": "phải là thời điểm theo ISO 8601",
    "model_type": "phải là một đối tượng",
    "model_attributes_type": "phải là một đối tượng",
    "dict_type": "phải là một đối tượng",
    "tuple_type": "phải là một danh sách",
    "list_type": "phải là một danh sách",
    "datetime_parsing": "phải là thời điểm theo ISO 8601",
    "timezone_aware": "thời điểm phải có múi giờ",
    "limit_form": "thời hạn viết như 5 ngày làm việc, 8 giờ làm việc hoặc 30 ngày",
    "date_form": "ngày viết như 2026-08-22",
    "time_form": "giờ trong ngày viết như 15:00",
    "hours_form": "giờ làm việc viết như 07:00-11:30",
    "hours_reversed": "giờ đóng cửa phải sau giờ mở cửa",
    "form_value": "phải là văn bản, số nguyên, true hoặc false",
    "text_too_long": "chỉ được có nhiều nhất {limit} ký tự",
    "invisible_text": "có ký tự không nhìn thấy được; hãy bỏ ra",
    "not_nfc": "hãy viết theo dạng Unicode NFC; ở dạng đó văn bản dài hơn",
    "looks_personal": "9 đến 12 chữ số liền nhau giống số định danh hoặc số điện thoại, mà mã này luôn hiện rõ; "
    "hãy dùng UUID",
}
