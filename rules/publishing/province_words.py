"""The words for what can be wrong with what a province has of its own, beside those of every file."""

from __future__ import annotations

from typing import Final

from rules.publishing.mistake_words import Words

PROVINCE_WORDS: Final[dict[str, Words]] = {
    "unknown_procedure": Words(
        "không có thủ tục này trong danh mục",
        "the catalogue has no such procedure",
        "sửa mã, hoặc công bố thủ tục trước",
        "correct the code, or publish the procedure first",
    ),
    "of_another_province": Words(
        "mã này là của tỉnh khác hoặc của cả nước",
        "this code is another province's, or the whole country's",
        "nhóm cuối của mã thủ tục riêng là mã của tỉnh ({province})",
        "the last group of an own procedure's code is that of the province ({province})",
    ),
    "unknown_agency": Words(
        "danh bạ không có cơ quan này trong tỉnh {province}",
        "the directory has no such agency in the province {province}",
        "sửa mã, hoặc nạp danh bạ trước",
        "correct the code, or load the directory first",
    ),
    "desk_twice": Words(
        "nơi tiếp nhận này đã được viết", "this desk was already written", "gộp thành một", "make one of the two"
    ),
    "composed_version_too_long": Words(
        "tên phiên bản ghép `{composed}` dài hơn {limit} ký tự",
        "the name of the composed version `{composed}` is longer than {limit} characters",
        "rút ngắn phiên bản của tỉnh hoặc của thủ tục",
        "shorten the version of the province or of the procedure",
    ),
    "does_not_fit_province": Words(
        "không ghép được với phiên bản đang áp dụng của {province}: {place} ({wrong})",
        "it does not go together with the version in force of {province}: {place} ({wrong})",
        "sửa thủ tục, hoặc công bố phiên bản mới của tỉnh trước",
        "correct the procedure, or publish a new version of the province first",
    ),
}
