"""The words for each mistake of a calendar file that a procedure file can't have, by its rule code."""

from __future__ import annotations

from typing import Final

from rules.publishing.mistake_words import Words

CALENDAR_WORDS: Final[dict[str, Words]] = {
    # the form of each value
    "date_form": Words("không phải ngày", "not a date", "viết như 2026-08-22", "write it like 2026-08-22"),
    "time_form": Words("không phải giờ trong ngày", "not a time of day", "viết như 15:00", "write it like 15:00"),
    "hours_form": Words(
        "không phải khoảng giờ làm việc",
        "not a span of office hours",
        "viết như 07:00-11:30",
        "write it like 07:00-11:30",
    ),
    "hours_reversed": Words(
        "giờ đóng cửa không sau giờ mở cửa",
        "these hours end before they begin",
        "viết giờ mở cửa trước: 07:00-11:30",
        "write the opening first: 07:00-11:30",
    ),
    "hours_overlap": Words(
        "bắt đầu trước khi khoảng giờ trước kết thúc",
        "begins before the hours in front of it end",
        "xếp các khoảng giờ theo thứ tự, không chồng nhau",
        "write the hours of a day in order and apart",
    ),
    # the validity
    "validity_reversed": Words(
        "ngày cuối trước ngày đầu",
        "the last day comes before the first",
        "đổi hai ngày",
        "put them the other way round",
    ),
    "validity_out_of_reach": Words(
        "chỉ tính được từ năm {first} đến năm {last}",
        "days are known from {first} to {last} only",
        "chọn ngày trong khoảng đó",
        "choose a day between them",
    ),
    "validity_too_long": Words(
        "hiệu lực dài hơn {limit} năm",
        "valid for more than {limit} years",
        "chia thành nhiều phiên bản: hồ sơ ghi lại mọi ngày nghỉ của lịch",
        "make it several versions: a filing records every day of its calendar",
    ),
    "no_working_day": Words(
        "không có ngày làm việc nào",
        "there is no working day",
        "viết giờ làm việc của ít nhất một ngày trong tuần",
        "write the office hours of at least one weekday",
    ),
    # days of an overlay
    "outside_validity": Words(
        "ngày nằm ngoài hiệu lực của lịch",
        "this day lies outside of the calendar's validity",
        "sửa ngày hoặc valid_from, valid_until",
        "correct the day, or valid_from or valid_until",
    ),
    "duplicate_date": Words(
        "ngày này đã được viết cho cùng cơ quan",
        "this day was already written for the same agency",
        "giữ lại một",
        "keep one of the two",
    ),
    "hours_required": Words(
        "ngày làm việc ngắn phải có giờ làm việc",
        "a short day needs its hours",
        "thêm `hours`",
        "add `hours`",
    ),
    "hours_not_for_kind": Words(
        "loại ngày này không có giờ riêng",
        "a day of this kind has no hours of its own",
        "xóa `hours`",
        "remove `hours`",
    ),
    "replaces_required": Words(
        "ngày làm bù phải nói thay cho ngày nào",
        "a make-up day says which day it replaces",
        "thêm `replaces`",
        "add `replaces`",
    ),
    "replaces_not_for_kind": Words(
        "chỉ ngày làm bù mới thay cho ngày khác",
        "only a make-up day replaces another",
        "xóa `replaces` hoặc dùng loại makeup",
        "remove `replaces`, or make it a day of kind makeup",
    ),
    "makeup_on_holiday": Words(
        "ngày làm bù là ngày nghỉ lễ",
        "this make-up day is a holiday",
        "chọn ngày làm bù khác",
        "choose another day to make up on",
    ),
    "makeup_on_working_day": Words(
        "ngày làm bù vốn đã là ngày làm việc",
        "this make-up day is a working day anyway",
        "chọn ngày nghỉ hằng tuần",
        "choose a weekly day off",
    ),
    "replaced_day_works": Words(
        "ngày được thay không phải là ngày nghỉ",
        "the day that is replaced is no day off",
        "viết ngày đó là off, hoặc sửa `replaces`",
        "write that day as off, or correct `replaces`",
    ),
    "replaced_day_has_no_hours": Words(
        "ngày được thay vốn không có giờ làm việc",
        "the day that is replaced has no regular hours",
        "sửa `replaces`: ngày làm bù có giờ của ngày được thay",
        "correct `replaces`: a make-up day has the hours of the day that it replaces",
    ),
    "replaced_twice": Words(
        "ngày được thay đã có ngày làm bù khác",
        "another make-up day already replaces this day",
        "giữ lại một ngày làm bù, hoặc viết ngày kia là off",
        "keep one of the two, or write the other as off",
    ),
    "swap_half_decided": Words(
        "ngày được thay đã nghỉ, còn ngày làm bù này mới đề xuất",
        "the day that is replaced is off already, and this make-up day only proposed",
        "viết cả hai ngày là đề xuất, hoặc cả hai là đã quyết định",
        "write both days as proposed, or both as decided",
    ),
    "short_on_day_off": Words(
        "ngày làm việc ngắn rơi vào ngày nghỉ",
        "this short day is a day off",
        "sửa ngày, hoặc dùng loại makeup",
        "correct the day, or make it a day of kind makeup",
    ),
    "short_hours_outside": Words(
        "giờ của ngày ngắn nằm ngoài giờ làm việc của ngày đó",
        "outside of the hours that this day has",
        "chọn trong giờ làm việc của ngày đó",
        "choose hours inside of them",
    ),
    "working_anyway": Words(
        "ngày này vốn đã là ngày làm việc",
        "this day is a working day anyway",
        "xóa ngày này",
        "remove this day",
    ),
    "working_without_hours": Words(
        "ngày này trong tuần không có giờ làm việc",
        "this weekday has no regular hours",
        "dùng loại makeup",
        "make it a day of kind makeup",
    ),
    # proposals and dates of checking
    "proposed_anyway": Words(
        "ngày này vốn đã như đề xuất",
        "this day is already as it is proposed",
        "xóa ngày này; nếu thư viện ngày nghỉ đi trước quyết định, viết thêm ngày đó là loại working",
        "remove it; where the base is ahead of the decision, write that day as working too",
    ),
    "proposed_by_nobody": Words(
        "ngày đề xuất phải có nguồn",
        "a proposed day needs a source",
        "viết ai đề xuất, ở đâu, ngày nào; không có nguồn thì xóa",
        "write who proposed it, where and when, or remove it",
    ),
    "checked_in_future": Words(
        "ngày kiểm tra còn ở tương lai",
        "it can't have been checked on a day that is still to come",
        "viết ngày đã đối chiếu với nguồn",
        "write the day on which it was held against its source",
    ),
}
