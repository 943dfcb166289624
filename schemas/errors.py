"""Refusals: what was wrong, by which rule, and what to do, in Vietnamese and English. Never a personal value."""

from __future__ import annotations

import re
from collections import defaultdict
from enum import StrEnum
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .base import Model, Text


class Problem(Model):
    """One thing wrong. `field` is a path such as `papers[0].file`; `rule` a stable code; `message` says what to do."""

    field: str
    rule: str
    message: Text


class RefusalCode(StrEnum):
    """Stable codes of refusals; over Temporal they are the `type` of the `ApplicationError`."""

    BAD_START = "bad_start"
    BAD_COMMAND = "bad_command"
    BAD_SUBMISSION = "bad_submission"
    NOT_ALLOWED = "not_allowed"
    NOT_AUTHORISED = "not_authorised"
    SAME_ID_OTHER_CONTENT = "same_id_other_content"
    NOT_READY = "not_ready"
    NOT_FOUND = "not_found"
    LEDGER_CONFLICT = "ledger_conflict"
    INTERNAL = "internal_error"


class Refusal(Model):
    """Why a submission or a command was refused. `allowed` names the actions open to the actor now."""

    code: RefusalCode
    problems: tuple[Problem, ...]
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = "; ".join(f"{p.field}: {p.message.en} [{p.rule}]".removeprefix(": ") for p in self.problems)
        return f"{said} (allowed now: {', '.join(self.allowed)})" if self.allowed else said


class RefusalError(Exception):
    """Raised by the rules; carries the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def refused(code: RefusalCode, *problems: Problem, allowed: tuple[str, ...] = ()) -> RefusalError:
    """A refusal to raise."""
    return RefusalError(Refusal(code=code, problems=problems, allowed=allowed))


def problem(field: str, rule: str, vi: str, en: str) -> Problem:
    """One thing wrong with `field`, by `rule`, in both languages."""
    return Problem(field=field, rule=rule, message=Text(vi=vi, en=en))


_NAME: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]{0,63}|[0-9]{4}-[0-9]{2}-[0-9]{2}|\[key\])\Z")
"""A field, or a day of a calendar. Other keys may be whatever somebody made up."""

_MOST: Final = 100
"""So many problems are told at once."""


def path(loc: tuple[Any, ...]) -> str:
    """A pydantic location as a path: `("papers", 0, "file")` → `papers[0].file`. What is no name shows as `?`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part if _NAME.match(part) else '?'}" for part in loc]
    return "".join(parts).removeprefix(".")


def shape_refusal(code: RefusalCode, error: ValidationError) -> RefusalError:
    """A refusal for input that does not fit its model: each place and rule, never the value."""
    details = error.errors(include_input=False, include_url=False)[:_MOST]
    return refused(code, *(problem(path(tuple(e["loc"])), e["type"], _in_vietnamese(e), e["msg"]) for e in details))


def _in_vietnamese(detail: ErrorDetails) -> str:
    words = _VIETNAMESE.get(detail["type"], "giá trị không hợp lệ")
    return words.format_map(defaultdict(str, detail.get("ctx", {})))


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
    "bool_type": "phải là true hoặc false",
    "greater_than": "phải lớn hơn {gt}",
    "greater_than_equal": "phải từ {ge} trở lên",
    "less_than": "phải nhỏ hơn {lt}",
    "less_than_equal": "không được quá {le}",
    "too_short": "phải có ít nhất {min_length} mục",
    "too_long": "chỉ được có nhiều nhất {max_length} mục",
    "enum": "phải là một trong: {expected}",
    "literal_error": "phải là {expected}",
    "model_type": "phải là một đối tượng",
    "model_attributes_type": "phải là một đối tượng",
    "dict_type": "phải là một đối tượng",
    "tuple_type": "phải là một danh sách",
    "list_type": "phải là một danh sách",
    "datetime_parsing": "phải là thời điểm theo ISO 8601",
    "timezone_aware": "thời điểm phải có múi giờ",
    "limit_form": "thời hạn viết như 5 working days, 8 working hours hoặc 30 calendar days",
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

OTHER_CONTENT: Final = Refusal(
    code=RefusalCode.SAME_ID_OTHER_CONTENT,
    problems=(
        problem(
            "command_id",
            "same_id_other_content",
            "mã này đã dùng cho nội dung khác; dùng mã mới",
            "this id stands for other content already; use a new one",
        ),
    ),
)
SUPERSEDED: Final = Refusal(
    code=RefusalCode.LEDGER_CONFLICT,
    problems=(
        problem(
            "",
            "taken_over",
            "hồ sơ đã được khởi động lại từ sổ; hãy hỏi lại",
            "it was started again from the log meanwhile; ask again",
        ),
    ),
)
NOT_RECORDED: Final = Refusal(
    code=RefusalCode.BAD_START,
    problems=(
        problem(
            "workflow_id",
            "nothing_recorded",
            "sổ không có gì dưới mã này; kiểm tra lại mã",
            "the log holds nothing under this id; check it",
        ),
    ),
)
NOT_READY: Final = Refusal(
    code=RefusalCode.NOT_READY, problems=(problem("", "not_ready", "chưa có", "there is none yet"),)
)
NOT_FOUND: Final = Refusal(
    code=RefusalCode.NOT_FOUND,
    problems=(
        problem(
            "stream",
            "nothing_recorded",
            "sổ không có gì dưới mã này; kiểm tra lại mã",
            "the record holds nothing under this id; check it",
        ),
    ),
)
