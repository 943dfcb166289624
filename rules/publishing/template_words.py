"""The words for what can be wrong with a template of an official paper."""

from __future__ import annotations

from typing import Final

from rules.publishing.mistake_words import Words

TEMPLATE_WORDS: Final[dict[str, Words]] = {
    "template_not_text": Words(
        "tệp này không phải văn bản UTF-8",
        "this file is not UTF-8 text",
        "lưu lại thành UTF-8",
        "save it as UTF-8",
    ),
    "template_reaches_out": Words(
        "mẫu chỉ được dùng /parts.typ",
        "a template may use /parts.typ alone",
        'bỏ import khác "/parts.typ", include, eval, plugin',
        'take out any import but "/parts.typ", include, eval, plugin',
    ),
    "template_broken": Words(
        "typst không dựng được: {said}",
        "typst can't set it: {said}",
        "sửa chỗ này",
        "correct this place",
    ),
    "template_unprintable": Words(
        "phông chữ không có một ký tự trong mẫu",
        "the font lacks a character of the template",
        "bỏ ký tự đó",
        "take the character out",
    ),
    "template_without_end": Words(
        "mẫu chạy quá lâu",
        "the template runs too long",
        "bỏ vòng lặp không dứt",
        "take out the loop that does not end",
    ),
    "template_loses": Words(
        "giấy in ra thiếu: {said}",
        "the printed paper lacks: {said}",
        "in mọi phần của `body`, `law`, mã hồ sơ, tên giấy, cơ quan và ngày",
        "print every part of `body` and `law`, the dossier code, the title, the agency and the date",
    ),
    "template_without_code": Words(
        "không đọc được mã QR tra cứu, hoặc mã vạch số hiệu bưu gửi, trên giấy",
        "the QR code for tracking, or the waybill's bars, can't be read on the paper",
        "đặt `codes`, hoặc mã `qr` rộng ít nhất 22 mm",
        "put `codes` there, or the code `qr` at least 22 mm wide",
    ),
}
