"""What can be wrong with a procedure file, in words: one stable rule code each, in Vietnamese and English."""

from __future__ import annotations

from typing import Final, NamedTuple

from schemas.base import Model, Text


class Mistake(Model):
    """One mistake. `path` is like `review[1].role`, empty for the whole file; `line` counts from 1 where it is known.

    The words name rules and allowed values only: nothing of what was written is repeated.
    """

    path: str
    rule: str
    message: Text
    fix: Text
    line: int | None = None


class _Words(NamedTuple):
    vi: str
    en: str
    fix_vi: str
    fix_en: str


_WORDS: Final[dict[str, _Words]] = {
    # the file
    "file_too_large": _Words(
        "tệp dài hơn {limit} byte",
        "the file is longer than {limit} bytes",
        "rút gọn; giấy tờ và biểu mẫu để ở nơi khác",
        "shorten it; papers and blank forms live elsewhere",
    ),
    "wrong_encoding": _Words(
        "tệp không phải UTF-8", "the file is not UTF-8", "lưu tệp với mã hóa UTF-8", "save the file as UTF-8"
    ),
    "not_yaml": _Words(
        "không đọc được YAML ở dòng này",
        "this line is not readable YAML",
        "kiểm tra thụt đầu dòng bằng dấu cách, và đặt trong dấu nháy chữ có dấu hai chấm",
        "check that the indentation is spaces, and quote texts that hold a colon",
    ),
    "alias_not_allowed": _Words(
        "không dùng tham chiếu YAML (&, *)",
        "YAML references (&, *) are not used",
        "viết lại đầy đủ giá trị",
        "write the value out",
    ),
    "tag_not_allowed": _Words(
        "không dùng thẻ kiểu YAML (!)", "YAML tags (!) are not used", "bỏ thẻ kiểu", "remove the tag"
    ),
    "too_deep": _Words("lồng quá sâu", "nested too deeply", "xem mẫu trong tài liệu", "compare with the documentation"),
    "duplicate_key": _Words(
        "khóa này đã được viết", "this key was already written", "giữ lại một", "keep one of the two"
    ),
    "not_a_mapping": _Words(
        "tệp phải gồm các dòng `khóa: giá trị`",
        "the file must be made of `key: value` lines",
        "bắt đầu bằng `code: …`",
        "begin with `code: …`",
    ),
    "key_not_text": _Words("khóa không phải chữ", "a key is not text", "đặt khóa trong dấu nháy", "quote the key"),
    "unreadable_character": _Words(
        "có ký tự điều khiển", "there is a control character", "xóa ký tự đó", "remove that character"
    ),
    "quote_it": _Words(
        "phải là chữ, nhưng YAML đọc thành số, ngày hoặc đúng/sai",
        "text is expected, but YAML reads this as a number, a date or a truth value",
        'đặt trong dấu nháy kép, ví dụ "1.001193"',
        'put it in double quotes, as in "1.001193"',
    ),
    # the form of each value
    "required": _Words("thiếu giá trị", "a value is missing", "viết giá trị", "write it"),
    "unknown_key": _Words(
        "khóa không có trong mẫu", "no such key", "sửa chính tả hoặc xóa", "correct the spelling or remove it"
    ),
    "text_expected": _Words("phải là chữ", "text is expected", "viết chữ", "write text"),
    "integer_expected": _Words(
        "phải là số nguyên", "a whole number is expected", "viết số không có dấu nháy", "write a number without quotes"
    ),
    "boolean_expected": _Words(
        "phải là true hoặc false", "true or false is expected", "viết true hoặc false", "write true or false"
    ),
    "list_expected": _Words(
        "phải là danh sách", "a list is expected", "viết mỗi mục sau dấu `-`", "write each entry after a `-`"
    ),
    "mapping_expected": _Words(
        "phải gồm các dòng `khóa: giá trị`",
        "`key: value` lines are expected",
        "viết các khóa của phần này",
        "write the keys of this part",
    ),
    "too_long": _Words("dài hơn {limit} ký tự", "longer than {limit} characters", "rút gọn", "shorten it"),
    "too_few": _Words("cần ít nhất {limit} mục", "at least {limit} entry is needed", "thêm mục", "add an entry"),
    "out_of_range": _Words("ngoài khoảng cho phép", "outside the allowed range", "chọn {limit}", "choose {limit}"),
    "wrong_form": _Words("sai dạng", "not of the right form", "viết theo dạng {form}", "write it as {form}"),
    "not_allowed_value": _Words(
        "giá trị không có trong danh sách", "not one of the allowed values", "chọn {allowed}", "choose {allowed}"
    ),
    "limit_form": _Words(
        "thời hạn sai dạng",
        "not a time limit",
        "viết như `5 working days`, `8 working hours` hoặc `30 calendar days`",
        "write it like `5 working days`, `8 working hours` or `30 calendar days`",
    ),
    "invalid": _Words("giá trị không hợp lệ", "not a valid value", "xem tài liệu", "see the documentation"),
    # codes, fields, limits
    "duplicate_code": _Words(
        "mã đã được dùng trong danh sách này", "this code is already used in the list", "đặt mã khác", "choose another"
    ),
    "duplicate_value": _Words("đã có trong danh sách này", "already in this list", "xóa một", "remove one of the two"),
    "choices_required": _Words(
        "trường lựa chọn phải có các lựa chọn",
        "a field of kind choice needs its choices",
        "thêm `choices`",
        "add `choices`",
    ),
    "choices_only_for_choice": _Words(
        "chỉ trường lựa chọn mới có `choices`",
        "only a field of kind choice has choices",
        "xóa `choices` hoặc đặt `kind: choice`",
        "remove them, or write `kind: choice`",
    ),
    "bounds_not_for_kind": _Words(
        "chỉ số nguyên và chữ mới có giới hạn",
        "only integers and texts have bounds",
        "xóa giới hạn",
        "remove the bound",
    ),
    "negative_length": _Words(
        "độ dài không thể âm", "a length cannot be negative", "viết 0 hoặc lớn hơn", "write 0 or more"
    ),
    "minimum_above_maximum": _Words(
        "minimum lớn hơn maximum", "the minimum is above the maximum", "sửa một trong hai", "correct one of the two"
    ),
    "limit_zero": _Words(
        "chỉ ngày làm việc hoặc ngày mới được là 0 (trong ngày)",
        "only working days and calendar days may be 0 (the same day)",
        "viết `0 working days`, hoặc một số lớn hơn 0",
        "write `0 working days`, or an amount above 0",
    ),
    "seconds_not_allowed": _Words(
        "giây chỉ dùng cho bản trình diễn",
        "seconds are for demonstrations only",
        "dùng ngày hoặc giờ làm việc, hoặc công bố như bản trình diễn",
        "use days or working hours, or publish it as a demonstration",
    ),
    # review
    "review_required": _Words(
        "từ mức độ 2 phải có bước giải quyết",
        "from level 2 on there must be a review step",
        "thêm một bước `propose` và một bước `decide`",
        "add a `propose` step and a `decide` step",
    ),
    "decide_exactly_once": _Words(
        "phải có đúng một bước `decide`",
        "there must be exactly one step with act `decide`",
        "để một bước `decide`, ở cuối",
        "keep one `decide` step, the last one",
    ),
    "decide_not_last": _Words(
        "bước `decide` phải là bước cuối",
        "the `decide` step must be the last one",
        "chuyển bước này xuống cuối",
        "move it to the end",
    ),
    "decide_by_leader": _Words(
        "bước `decide` phải do lãnh đạo thực hiện",
        "the `decide` step belongs to a leader",
        "viết `role: leader`",
        "write `role: leader`",
    ),
    "propose_exactly_once": _Words(
        "phải có đúng một bước `propose` trước bước `decide`: người quyết định không phải người đề xuất",
        "there must be exactly one `propose` step before `decide`: who decides is not who proposed",
        "để một bước `propose`; các bước khác dùng `forward`",
        "keep one `propose` step; other steps use `forward`",
    ),
    # fee
    "per_unknown_field": _Words(
        "không có trường này trong `form`",
        "there is no such field in `form`",
        "thêm trường số nguyên hoặc xóa `per`",
        "add the integer field, or remove `per`",
    ),
    "per_not_integer": _Words(
        "`per` phải chỉ một trường số nguyên",
        "`per` must name an integer field",
        "chọn trường có `kind: integer`",
        "name a field with `kind: integer`",
    ),
    "per_needs_minimum": _Words(
        "trường dùng để tính phí phải có minimum từ 0 trở lên",
        "a field that counts for the fee needs a minimum of 0 or more",
        "viết `minimum: 0` hoặc lớn hơn",
        "write `minimum: 0` or more",
    ),
    "per_needs_maximum": _Words(
        "trường dùng để tính phí phải có maximum, nhiều nhất {limit}",
        "a field that counts for the fee needs a maximum of at most {limit}",
        "viết `maximum: {limit}` hoặc nhỏ hơn",
        "write `maximum: {limit}` or less",
    ),
    "fee_by_post_not_available": _Words(
        "chưa hỗ trợ thu phí khi phát bưu phẩm",
        "payment on delivery by post is not available yet",
        "xóa `post` khỏi `channels`",
        "remove `post` from the channels",
    ),
    # what the level allows
    "fee_channel_not_allowed": _Words(
        "mức độ {level} không cho nộp phí qua kênh này",
        "level {level} does not allow paying by this channel",
        "chọn {allowed}",
        "choose {allowed}",
    ),
    "fee_must_offer_online": _Words(
        "mức độ 4 phải cho nộp phí trực tuyến",
        "level 4 must offer online payment",
        "thêm `online` vào `channels`",
        "add `online` to the channels",
    ),
    "result_channel_not_allowed": _Words(
        "mức độ {level} không cho trả kết quả qua kênh này",
        "level {level} does not allow this channel for the result",
        "chọn {allowed}",
        "choose {allowed}",
    ),
    "result_must_offer_online": _Words(
        "mức độ 4 phải trả kết quả trực tuyến",
        "level 4 must offer the result online",
        "thêm `online` vào `channels`",
        "add `online` to the channels",
    ),
    "signature_not_allowed": _Words(
        "chỉ mức độ 4 mới yêu cầu chữ ký số",
        "only level 4 asks for a digital signature",
        "viết `required: false`",
        "write `required: false`",
    ),
    "unsigned_could_not_pay": _Words(
        "người không có chữ ký số nộp ở mức độ 3 sẽ không nộp được phí",
        "who has no signature files at level 3, and could not pay there",
        "thêm `counter` vào `channels`",
        "add `counter` to the channels",
    ),
    "automatic_needs_online_filing": _Words(
        "chỉ giải quyết tự động khi mức độ cho nộp trực tuyến (3, 4)",
        "only levels with online filing (3 and 4) may decide automatically",
        "xóa `automatic` hoặc nâng mức độ",
        "remove `automatic`, or raise the level",
    ),
}

RULES: Final = frozenset(_WORDS)


def mistake(rule: str, path: str, **facts: object) -> Mistake:
    """The mistake against `rule` at `path`; `facts` fill its words."""
    vi, en, fix_vi, fix_en = (words.format(**facts) for words in _WORDS[rule])
    return Mistake(path=path, rule=rule, message=Text(vi=vi, en=en), fix=Text(vi=fix_vi, en=fix_en))
