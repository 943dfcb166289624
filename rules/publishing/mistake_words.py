"""The words for each mistake of a procedure file, by its rule code."""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    """What is wrong and what to do, in Vietnamese and in English; `{…}` are filled in."""

    vi: str
    en: str
    fix_vi: str
    fix_en: str


WORDS: Final[dict[str, Words]] = {
    # the file
    "file_too_large": Words(
        "tệp dài hơn {limit} byte",
        "the file is longer than {limit} bytes",
        "rút gọn; giấy tờ và biểu mẫu để ở nơi khác",
        "shorten it; papers and blank forms live elsewhere",
    ),
    "wrong_encoding": Words(
        "tệp không phải UTF-8", "the file is not UTF-8", "lưu tệp với mã hóa UTF-8", "save the file as UTF-8"
    ),
    "not_yaml": Words(
        "không đọc được YAML ở dòng này",
        "this line is not readable YAML",
        "kiểm tra thụt đầu dòng bằng dấu cách, và đặt trong dấu nháy chữ có dấu hai chấm",
        "check that the indentation is spaces, and quote texts that hold a colon",
    ),
    "alias_not_allowed": Words(
        "không dùng tham chiếu YAML (&, *)",
        "YAML references (&, *) are not used",
        "viết lại đầy đủ giá trị",
        "write the value out",
    ),
    "tag_not_allowed": Words(
        "không dùng thẻ kiểu YAML (!)", "YAML tags (!) are not used", "bỏ thẻ kiểu", "remove the tag"
    ),
    "too_deep": Words("lồng quá sâu", "nested too deeply", "xem mẫu trong tài liệu", "compare with the documentation"),
    "duplicate_key": Words(
        "khóa này đã được viết", "this key was already written", "giữ lại một", "keep one of the two"
    ),
    "not_a_mapping": Words(
        "tệp phải gồm các dòng `khóa: giá trị`",
        "the file must be made of `key: value` lines",
        "bắt đầu bằng `code: …`",
        "begin with `code: …`",
    ),
    "key_not_text": Words("khóa không phải chữ", "a key is not text", "đặt khóa trong dấu nháy", "quote the key"),
    "unreadable_character": Words(
        "có ký tự điều khiển", "there is a control character", "xóa ký tự đó", "remove that character"
    ),
    "quote_it": Words(
        "phải là chữ, nhưng YAML đọc thành số, ngày hoặc đúng/sai",
        "text is expected, but YAML reads this as a number, a date or a truth value",
        'đặt trong dấu nháy kép, ví dụ "1.001193"',
        'put it in double quotes, as in "1.001193"',
    ),
    # the form of each value
    "required": Words("thiếu giá trị", "a value is missing", "viết giá trị", "write it"),
    "unknown_key": Words(
        "khóa không có trong mẫu", "no such key", "sửa chính tả hoặc xóa", "correct the spelling or remove it"
    ),
    "text_expected": Words("phải là chữ", "text is expected", "viết chữ", "write text"),
    "integer_expected": Words(
        "phải là số nguyên", "a whole number is expected", "viết số không có dấu nháy", "write a number without quotes"
    ),
    "boolean_expected": Words(
        "phải là true hoặc false", "true or false is expected", "viết true hoặc false", "write true or false"
    ),
    "list_expected": Words(
        "phải là danh sách", "a list is expected", "viết mỗi mục sau dấu `-`", "write each entry after a `-`"
    ),
    "mapping_expected": Words(
        "phải gồm các dòng `khóa: giá trị`",
        "`key: value` lines are expected",
        "viết các khóa của phần này",
        "write the keys of this part",
    ),
    "too_long": Words("dài hơn {limit} ký tự", "longer than {limit} characters", "rút gọn", "shorten it"),
    "too_few": Words("cần ít nhất {limit} mục", "at least {limit} entry is needed", "thêm mục", "add an entry"),
    "too_many": Words("nhiều hơn {limit} mục", "more than {limit} entries", "bớt mục", "leave some out"),
    "out_of_range": Words("ngoài khoảng cho phép", "outside the allowed range", "chọn {limit}", "choose {limit}"),
    "wrong_form": Words("sai dạng", "not of the right form", "viết theo dạng {form}", "write it as {form}"),
    "not_allowed_value": Words(
        "giá trị không có trong danh sách", "not one of the allowed values", "chọn {allowed}", "choose {allowed}"
    ),
    "limit_form": Words(
        "thời hạn sai dạng",
        "not a time limit",
        "viết như `5 working days`, `8 working hours` hoặc `30 calendar days`",
        "write it like `5 working days`, `8 working hours` or `30 calendar days`",
    ),
    "time_form": Words(
        "giờ trong ngày sai dạng",
        "not a time of day",
        'viết giờ và phút trong dấu nháy, từ "00:00" đến "23:59", ví dụ "15:00"',
        'write hours and minutes in quotes, from "00:00" to "23:59", as in "15:00"',
    ),
    "form_value_expected": Words(
        "phải là chữ, số nguyên, true hoặc false",
        "a text, a whole number, true or false is expected",
        "viết một giá trị mà trường của biểu mẫu có thể nhận",
        "write a value that the form field can have",
    ),
    "invalid": Words("giá trị không hợp lệ", "not a valid value", "xem tài liệu", "see the documentation"),
    # codes, fields, limits
    "duplicate_code": Words(
        "mã đã được dùng trong danh sách này", "this code is already used in the list", "đặt mã khác", "choose another"
    ),
    "duplicate_value": Words("đã có trong danh sách này", "already in this list", "xóa một", "remove one of the two"),
    "validity_without_day": Words(
        "hiệu lực phải có ngày đầu hoặc ngày cuối",
        "a validity needs its first day or its last",
        "viết `valid_from`, `valid_until`, hoặc bỏ `validity`",
        "write `valid_from` or `valid_until`, or remove `validity`",
    ),
    "choices_required": Words(
        "trường lựa chọn phải có các lựa chọn",
        "a field of kind choice needs its choices",
        "thêm `choices`",
        "add `choices`",
    ),
    "choices_only_for_choice": Words(
        "chỉ trường lựa chọn mới có `choices`",
        "only a field of kind choice has choices",
        "xóa `choices` hoặc đặt `kind: choice`",
        "remove them, or write `kind: choice`",
    ),
    "name_of_no_choice": Words(
        "không có lựa chọn mang mã này",
        "there is no choice of this code",
        "viết một mã trong `choices`, hoặc thêm mã đó vào `choices`",
        "write one of the `choices`, or add it to them",
    ),
    "unknown_form": Words(
        "thủ tục này không có mẫu mang tên đó",
        "this procedure has no blank of that name",
        "viết `forms/<mã thủ tục>/<tên>.pdf`; mã gồm 8 ký tự đầu, tên gồm chữ thường không dấu, số và dấu gạch nối",
        "write `forms/<code>/<name>.pdf`: the first 8 characters of the code, then small letters, digits and hyphens",
    ),
    "bounds_not_for_kind": Words(
        "chỉ số nguyên và chữ mới có giới hạn",
        "only integers and texts have bounds",
        "xóa giới hạn",
        "remove the bound",
    ),
    "negative_length": Words(
        "độ dài không thể âm", "a length cannot be negative", "viết 0 hoặc lớn hơn", "write 0 or more"
    ),
    "length_above_form": Words(
        "một trường của biểu mẫu giữ nhiều nhất {limit} ký tự",
        "a form field holds at most {limit} characters",
        "viết {limit} hoặc nhỏ hơn; nội dung dài hơn thì nộp thành giấy tờ",
        "write {limit} or less; what is longer is a paper",
    ),
    "minimum_above_maximum": Words(
        "minimum lớn hơn maximum", "the minimum is above the maximum", "sửa một trong hai", "correct one of the two"
    ),
    "limit_zero": Words(
        "chỉ ngày làm việc hoặc ngày mới được là 0 (trong ngày)",
        "only working days and calendar days may be 0 (the same day)",
        "viết `0 working days`, hoặc một số lớn hơn 0",
        "write `0 working days`, or an amount above 0",
    ),
    "limit_of_nothing": Words(
        "ở đây 0 không có nghĩa: nhắc và xin lỗi phải trước khi hết hạn, hẹn lại phải muộn hơn",
        "0 says nothing here: a reminder and an apology come before a limit ends, another appointment later",
        "viết một số lớn hơn 0, hoặc xóa để dùng giá trị mặc định",
        "write an amount above 0, or remove it for the default",
    ),
    "unit_of_processing": Words(
        "phải cùng đơn vị với thời hạn giải quyết, vì được cộng vào thời hạn đó",
        "the unit is not that of the processing limit, to which this is added",
        "viết một số `{unit}`",
        "write a number of `{unit}`",
    ),
    "limit_too_long": Words(
        "thời hạn quá dài", "this limit is too long", "viết số không quá {limit}", "write a number of at most {limit}"
    ),
    "seconds_not_allowed": Words(
        "giây chỉ dùng cho bản trình diễn",
        "seconds are for demonstrations only",
        "dùng ngày hoặc giờ làm việc, hoặc công bố như bản trình diễn",
        "use days or working hours, or publish it as a demonstration",
    ),
    # conditions
    "when_one_thing": Words(
        "một điều kiện hỏi đúng một điều: `field`, `channel` hoặc `applicant`",
        "a condition asks about exactly one thing: `field`, `channel` or `applicant`",
        "giữ lại một; nhiều điều kiện thì viết thành nhiều mục",
        "keep one of them; write several conditions as several entries",
    ),
    "when_unknown_field": Words(
        "không có trường này trong `form`",
        "there is no such field in `form`",
        "sửa mã hoặc thêm trường",
        "correct the code, or add the field",
    ),
    "when_field_not_before": Words(
        "điều kiện của một trường chỉ được nói về trường đứng trước nó",
        "the condition of a field may only name a field written before it",
        "chuyển trường được nói đến lên trước",
        "move the named field before this one",
    ),
    "when_needs_value": Words(
        "điều kiện về một trường phải nói giá trị nào",
        "a condition about a field must say which values",
        "thêm `one_of`; với số nguyên, `at_least` hoặc `at_most`",
        "add `one_of`, or for an integer `at_least` or `at_most`",
    ),
    "when_values_or_bounds": Words(
        "chỉ một trong: `one_of`; `at_least`, `at_most`; `at_least_days_ago`, `at_most_days_ago`",
        "only one of: `one_of`; `at_least`, `at_most`; `at_least_days_ago`, `at_most_days_ago`",
        "giữ lại một cách viết",
        "keep one of them",
    ),
    "when_value_without_field": Words(
        "chỉ điều kiện về một trường mới có giá trị này",
        "only a condition about a field has this",
        "xóa, hoặc viết `field`",
        "remove it, or name the `field`",
    ),
    "when_value_not_of_field": Words(
        "trường này không thể có giá trị đó",
        "the field can't have this value",
        "viết một trong `choices`, true hoặc false, chữ, số, ngày theo đúng loại và giới hạn của trường",
        "write one of its `choices`, true or false, a text, number or date as the field's kind and bounds say",
    ),
    "when_days_need_date": Words(
        "số ngày chỉ dùng cho trường kiểu ngày",
        "only a field of kind date has days ago",
        "dùng `one_of` hoặc `at_least`, `at_most`, hoặc chọn trường kiểu `date`",
        "use `one_of` or `at_least`, `at_most`, or choose a field of kind `date`",
    ),
    "bound_without_per": Words(
        "mức tối thiểu, tối đa chỉ dùng khi thu theo đơn vị hoặc theo tỷ lệ",
        "only what is counted in units, or is a rate, has a minimum and a maximum",
        "viết `per`, hoặc `basis_points` và `of`, hoặc bỏ mức này",
        "write `per`, or `basis_points` and `of`, or remove the bound",
    ),
    "amount_or_rate": Words(
        "khoản thu theo tỷ lệ không có mức thu và không tính theo đơn vị",
        "an item that is a rate has no amount and counts no units",
        "giữ `amount` (và `per`), hoặc giữ `basis_points` và `of`",
        "keep `amount` (and `per`), or keep `basis_points` and `of`",
    ),
    "maximum_below_amount": Words(
        "mức tối đa thấp hơn mức thu của một đơn vị",
        "the maximum is less than what one unit costs",
        "kiểm tra hai số tiền",
        "check the two amounts",
    ),
    "validity_reversed": Words(
        "hết hiệu lực trước khi có hiệu lực",
        "it ends before it begins",
        "viết `valid_until` từ ngày `valid_from` trở đi",
        "write a `valid_until` that is not before `valid_from`",
    ),
    "evidence_unknown_paper": Words(
        "giấy tờ chứng minh không có trong `papers`",
        "the evidence is none of the papers",
        "viết mã của một giấy tờ trong `papers`",
        "write the code of one of the `papers`",
    ),
    "partial_required": Words(
        "thủ tục một phần phải công bố lý do (NĐ 224/2026/NĐ-CP Đ14)",
        "a procedure that is only partly online has to say why (Decree 224/2026 art. 14)",
        "viết `partial` với `reason`, `vi`, `en`, `source`",
        "write `partial` with `reason`, `vi`, `en`, `source`",
    ),
    "partial_not_at_level": Words(
        "chỉ thủ tục mức độ 3 mới nêu lý do chỉ một phần",
        "only a procedure of level 3 says why it is only partly online",
        "bỏ `partial`, hoặc sửa `level`",
        "remove `partial`, or correct `level`",
    ),
    "when_bounds_need_integer": Words(
        "chỉ trường số nguyên mới có `at_least`, `at_most`",
        "only an integer field has `at_least` and `at_most`",
        "dùng `one_of`, hoặc chọn trường có `kind: integer`",
        "use `one_of`, or name a field with `kind: integer`",
    ),
    "when_bounds_crossed": Words(
        "at_least lớn hơn at_most", "`at_least` is above `at_most`", "sửa một trong hai", "correct one of the two"
    ),
    "when_channel_not_allowed": Words(
        "mức độ {level} không nhận hồ sơ qua kênh này",
        "level {level} takes no filings by this channel",
        "chọn {allowed}",
        "choose {allowed}",
    ),
    "never_holds": Words(
        "không bao giờ đúng: biểu mẫu hoặc một điều kiện khác loại trừ điều này",
        "this can never be so: the form or another condition rules it out",
        "sửa, hoặc xóa phần phụ thuộc vào điều kiện này",
        "correct it, or remove what depends on it",
    ),
    # texts
    "money_in_text": Words(
        "số tiền viết ngay trong văn bản: khi quy tắc thay đổi, văn bản vẫn nói số cũ",
        "an amount of money stands in the text: when the rule changes, the text still says the old one",
        "thay bằng chỗ điền như `fee.<mã>` trong ngoặc nhọn",
        "write a placeholder such as `fee.<code>` in braces",
    ),
    "time_in_text": Words(
        "thời gian viết bằng số hoặc bằng chữ ngay trong văn bản",
        "a number with a unit of time, or a time of day, stands in the text",
        "điền `limit.<tên>` hoặc `step.<mã>` trong ngoặc nhọn; số không thuộc quy tắc nào: `figures` và `figure.<mã>`",
        "write `limit.<name>` or `step.<code>` in braces; a number that no rule has: `figures` and `figure.<code>`",
    ),
    "percent_in_text": Words(
        "tỷ lệ phần trăm viết ngay trong văn bản",
        "a percentage stands in the text",
        "thay bằng `waiver.<mã>` trong ngoặc nhọn, hoặc ghi vào `figures` và điền `figure.<mã>`",
        "write `waiver.<code>` in braces, or put it into `figures` and write `figure.<code>`",
    ),
    "date_in_text": Words(
        "ngày tháng viết ngay trong văn bản",
        "a date stands in the text",
        "ghi ngày vào quy tắc mà ngày đó nói đến, và dùng chỗ điền của quy tắc ấy",
        "write the date into the rule that it is about, and use that rule's placeholder",
    ),
    "sets_in_text": Words(
        "số bộ hồ sơ viết ngay trong văn bản",
        "the number of sets of papers stands in the text",
        "ghi vào `information.sets` và điền `sets` trong ngoặc nhọn",
        "write it at `information.sets`, and `sets` in braces here",
    ),
    "channel_in_text": Words(
        "trang thông tin nói kênh nộp hoặc nhận bằng lời riêng",
        "the information page names a channel in its own words",
        "thay bằng `channels.filing`, `channels.fee` hoặc `channels.result` trong ngoặc nhọn",
        "write `channels.filing`, `channels.fee` or `channels.result` in braces",
    ),
    "waiver_in_text": Words(
        "trang thông tin nói việc miễn, giảm hoặc không thu bằng lời riêng",
        "the information page says in its own words that somebody pays less or nothing",
        "thay bằng `waiver.<mã>`, hoặc `fee` khi không thu, trong ngoặc nhọn",
        "write `waiver.<code>` in braces, or `fee` where nothing is to be paid",
    ),
    "paper_in_text": Words(
        "trang thông tin gọi tên giấy tờ bằng lời riêng",
        "the information page names a paper in its own words",
        "thay bằng `paper.<mã>`, hoặc `result` khi đó là kết quả, trong ngoặc nhọn",
        "write `paper.<code>` in braces, or `result` where it is what the applicant receives",
    ),
    "channel_of_name": Words(
        "tên nói đến một kênh mà điều kiện `when` của khoản này không đòi hỏi",
        "the name speaks of a channel that the conditions at `when` do not ask for",
        "thêm điều kiện `channel`, hoặc bỏ kênh khỏi tên",
        "add the condition `channel`, or take the channel out of the name",
    ),
    "unplain_character": Words(
        "có ký tự chỉ trông giống chữ, số hoặc dấu cách thường",
        "a character only looks like a letter, a digit or a space",
        "gõ lại bằng chữ Việt hoặc chữ Latinh, số 0–9 và dấu cách thường",
        "type it again with Latin letters, the digits 0 to 9 and plain spaces",
    ),
    "placeholder_form": Words(
        "dấu ngoặc nhọn không thành một chỗ điền",
        "a brace that is no placeholder",
        "viết `loại.mã` bằng chữ thường giữa một dấu mở và một dấu đóng, hoặc xóa dấu ngoặc",
        "write `kind.code` in small letters between one opening and one closing brace, or remove the brace",
    ),
    "placeholder_stuck": Words(
        "chữ hoặc số đứng sát chỗ điền, nên đọc liền với giá trị được điền",
        "a letter or a number stands right beside a placeholder, and is read as part of what fills it",
        "để dấu cách hoặc chữ ở giữa; không viết số trước chỗ điền",
        "put a space or a word between them, and no number before a placeholder",
    ),
    "placeholder_unknown": Words(
        "không có gì để điền vào chỗ này",
        "nothing of this procedure fills that placeholder",
        "chọn {known}",
        "choose {known}",
    ),
    "placeholder_of_name": Words(
        "chỗ điền này là tên gọi hoặc cả khoản phí, chỉ dùng trong `information`",
        "this placeholder stands for a name or for the whole fee, and may stand in `information` only",
        "viết tên ra, hoặc dùng chỗ điền của một số",
        "write the name out, or use the placeholder of a number",
    ),
    "placeholder_in_one_language": Words(
        "chỗ điền chỉ có ở một trong hai ngôn ngữ",
        "a placeholder stands in one of the two languages only",
        "dùng cùng các chỗ điền ở `vi` và ở `en`",
        "use the same placeholders in `vi` and in `en`",
    ),
    # facts
    "checked_in_future": Words(
        "ngày kiểm tra ở tương lai",
        "a day in the future on which it was checked",
        "viết ngày đã đối chiếu với nguồn, chậm nhất là hôm nay",
        "write the day on which it was held against its source, today at the latest",
    ),
    "limit_without_source": Words(
        "thời hạn này không có nguồn",
        "this limit has no source",
        "thêm vào `limits_source` cùng tên, hoặc `unconfirmed`",
        "add it to `limits_source` under the same name, or `unconfirmed`",
    ),
    # review
    "review_required": Words(
        "từ mức độ 2 phải có bước giải quyết",
        "from level 2 on there must be a review step",
        "thêm một bước `propose` và một bước `decide`",
        "add a `propose` step and a `decide` step",
    ),
    "decide_exactly_once": Words(
        "phải có đúng một bước `decide`",
        "there must be exactly one step with act `decide`",
        "để một bước `decide`, ở cuối",
        "keep one `decide` step, the last one",
    ),
    "decide_not_last": Words(
        "bước `decide` phải là bước cuối",
        "the `decide` step must be the last one",
        "chuyển bước này xuống cuối",
        "move it to the end",
    ),
    "decide_by_leader": Words(
        "bước `decide` phải do lãnh đạo thực hiện",
        "the `decide` step belongs to a leader",
        "viết `role: leader`",
        "write `role: leader`",
    ),
    "propose_exactly_once": Words(
        "phải có đúng một bước `propose` trước bước `decide`: người quyết định không phải người đề xuất",
        "there must be exactly one `propose` step before `decide`: who decides is not who proposed",
        "để một bước `propose`; các bước khác dùng `forward`",
        "keep one `propose` step; other steps use `forward`",
    ),
    "step_not_by_leader": Words(
        "bước kiểm tra, lấy ý kiến, nghĩa vụ tài chính, liên thông, bản dự thảo do chuyên viên hoặc văn thư thực hiện",
        "an inspection, consultation, financial obligation, referral or draft belongs to a specialist or a clerk",
        "viết `role: specialist` hoặc `role: clerk`",
        "write `role: specialist` or `role: clerk`",
    ),
    "consult_required": Words(
        "bước `consult` phải nói lấy ý kiến ai",
        "a step with act `consult` must say who is consulted",
        "thêm `consult` với `parties` và `silence`",
        "add `consult` with `parties` and `silence`",
    ),
    "consult_not_for_act": Words(
        "chỉ bước có `act: consult` mới có `consult`",
        "only a step with act `consult` has `consult`",
        "xóa, hoặc viết `act: consult`",
        "remove it, or write `act: consult`",
    ),
    "obligation_required": Words(
        "bước `obligation` phải nói nghĩa vụ với cơ quan nào",
        "a step with act `obligation` must say towards which authority",
        "thêm `obligation` với `authority`, `answer` và `pay`",
        "add `obligation` with `authority`, `answer` and `pay`",
    ),
    "obligation_not_for_act": Words(
        "chỉ bước có `act: obligation` mới có `obligation`",
        "only a step with act `obligation` has `obligation`",
        "xóa, hoặc viết `act: obligation`",
        "remove it, or write `act: obligation`",
    ),
    "draft_required": Words(
        "bước `draft` phải nói người nộp có bao lâu để xác nhận",
        "a step with act `draft` must say how long the applicant has to confirm it",
        "thêm `draft` với `answer`",
        "add `draft` with `answer`",
    ),
    "draft_not_for_act": Words(
        "chỉ bước có `act: draft` mới có `draft`",
        "only a step with act `draft` has `draft`",
        "xóa, hoặc viết `act: draft`",
        "remove it, or write `act: draft`",
    ),
    "referral_required": Words(
        "bước `refer` phải nói cơ quan nào giải quyết phần nào",
        "a step with act `refer` must say which agencies decide which parts",
        "thêm `referral` với `parts`",
        "add `referral` with `parts`",
    ),
    "referral_not_for_act": Words(
        "chỉ bước có `act: refer` mới có `referral`",
        "only a step with act `refer` has `referral`",
        "xóa, hoặc viết `act: refer`",
        "remove it, or write `act: refer`",
    ),
    "silent_approval_skips_part": Words(
        "im lặng của cơ quan này không thể chấp thuận phần do cơ quan khác giải quyết",
        "this agency's silence can't approve what another agency decides",
        "xóa `silent_approval`, hoặc bỏ bước `refer`",
        "remove `silent_approval`, or the step `refer`",
    ),
    # extension
    "extension_needs_review": Words(
        "thủ tục không có bước giải quyết thì không có gì để gia hạn",
        "without review steps there is nothing to extend",
        "xóa `extension` hoặc thêm `review`",
        "remove `extension`, or add the review",
    ),
    "extension_by_nothing": Words(
        "gia hạn thêm 0 ngày", "an extension by nothing", "viết 1 ngày trở lên", "write 1 day or more"
    ),
    "retention_says_nothing": Words(
        "không nói giữ bao lâu, cũng không nói xóa lúc nào",
        "neither how long it is kept nor when it is erased",
        "thêm `keep_years` hoặc `erase_years`, hoặc xóa `retention`",
        "add `keep_years` or `erase_years`, or remove `retention`",
    ),
    "erased_while_kept": Words(
        "phải xóa khi còn phải giữ",
        "it would be erased while it has to be kept",
        "viết `erase_years` không nhỏ hơn `keep_years`",
        "write `erase_years` no smaller than `keep_years`",
    ),
    "notice_not_shorter": Words(
        "thời gian báo trước phải ngắn hơn thời hạn giải quyết, nếu không sẽ không bao giờ gia hạn được",
        "the notice must be shorter than the processing limit, or nothing could ever be extended",
        "viết một số nhỏ hơn `limits.processing`",
        "write less than `limits.processing`",
    ),
    # fee
    "per_unknown_field": Words(
        "không có trường này trong `form`",
        "there is no such field in `form`",
        "thêm trường số nguyên hoặc xóa `per`",
        "add the integer field, or remove `per`",
    ),
    "per_not_integer": Words(
        "`per` phải chỉ một trường số nguyên",
        "`per` must name an integer field",
        "chọn trường có `kind: integer`",
        "name a field with `kind: integer`",
    ),
    "of_unknown_field": Words(
        "không có trường này trong `form`",
        "there is no such field in `form`",
        "thêm trường số nguyên ghi số tiền, hoặc sửa `of`",
        "add the integer field that states the đồng, or correct `of`",
    ),
    "of_not_integer": Words(
        "`of` phải chỉ một trường số nguyên",
        "`of` must name an integer field",
        "chọn trường có `kind: integer`",
        "name a field with `kind: integer`",
    ),
    "per_needs_minimum": Words(
        "trường dùng để tính phí phải có minimum từ 0 trở lên",
        "a field that counts for the fee needs a minimum of 0 or more",
        "viết `minimum: 0` hoặc lớn hơn",
        "write `minimum: 0` or more",
    ),
    "per_needs_maximum": Words(
        "trường dùng để tính phí phải có maximum, nhiều nhất {limit}",
        "a field that counts for the fee needs a maximum of at most {limit}",
        "viết `maximum: {limit}` hoặc nhỏ hơn",
        "write `maximum: {limit}` or less",
    ),
    "fee_by_post_alone": Words(
        "chỉ thu qua bưu chính thì hồ sơ không đi bưu chính không nộp được",
        "who sends and fetches nothing by post could not pay",
        "thêm `counter` hoặc `online` vào `channels`",
        "add `counter` or `online` to the channels",
    ),
    # what the level allows
    "fee_channel_not_allowed": Words(
        "mức độ {level} không cho nộp phí qua kênh này",
        "level {level} does not allow paying by this channel",
        "chọn {allowed}",
        "choose {allowed}",
    ),
    "fee_must_offer_online": Words(
        "mức độ 4 phải cho nộp phí trực tuyến",
        "level 4 must offer online payment",
        "thêm `online` vào `channels`",
        "add `online` to the channels",
    ),
    "result_channel_not_allowed": Words(
        "mức độ {level} không cho trả kết quả qua kênh này",
        "level {level} does not allow this channel for the result",
        "chọn {allowed}",
        "choose {allowed}",
    ),
    "postage_without_post": Words(
        "kết quả không gửi qua bưu chính thì không có cước bưu chính",
        "a result that no post brings has no postage",
        "thêm `post` vào `channels`, hoặc bỏ `postage`",
        "add `post` to the channels, or take `postage` out",
    ),
    "result_must_offer_online": Words(
        "mức độ 4 phải trả kết quả trực tuyến",
        "level 4 must offer the result online",
        "thêm `online` vào `channels`",
        "add `online` to the channels",
    ),
    "signature_not_allowed": Words(
        "chỉ mức độ 4 mới yêu cầu chữ ký số",
        "only level 4 asks for a digital signature",
        "viết `required: false`",
        "write `required: false`",
    ),
    "unless_nothing_required": Words(
        "không yêu cầu chữ ký số thì không có gì để trừ",
        "without a signature that is required there is nothing to except from",
        "xóa `unless` hoặc viết `required: true`",
        "remove `unless`, or write `required: true`",
    ),
    "unsigned_could_not_pay": Words(
        "người không có chữ ký số nộp ở mức độ 3 sẽ không nộp được phí",
        "who has no signature files at level 3, and could not pay there",
        "thêm `counter` vào `channels`",
        "add `counter` to the channels",
    ),
    "due_submission_needs_online_filing": Words(
        "mức độ này chỉ nhận hồ sơ giấy, mà hồ sơ giấy thì thu khi tiếp nhận",
        "this level takes filings on paper only, whose fee falls due at acceptance",
        "viết `due: acceptance`",
        "write `due: acceptance`",
    ),
    "automatic_needs_online_filing": Words(
        "chỉ giải quyết tự động khi mức độ cho nộp trực tuyến (3, 4)",
        "only levels with online filing (3 and 4) may decide automatically",
        "xóa `automatic` hoặc nâng mức độ",
        "remove `automatic`, or raise the level",
    ),
    "automatic_skips_step": Words(
        "giải quyết tự động bỏ qua các bước, mà kiểm tra, lấy ý kiến, nghĩa vụ tài chính, liên thông, bản dự thảo thì "
        "không bỏ được",
        "an automatic decision skips the steps, but inspections, consultations, obligations, referrals and drafts "
        "can't be",
        "xóa `automatic` hoặc các bước đó",
        "remove `automatic`, or those steps",
    ),
    "silent_approval_not_at_level_1": Words(
        "mức độ 1 chỉ cung cấp thông tin; im lặng không thể là đồng ý",
        "level 1 gives information only; there, silence approves nothing",
        "xóa `silent_approval` hoặc nâng mức độ",
        "remove `silent_approval`, or raise the level",
    ),
}
