"""The words for what can be wrong with a table of procedures and its rows, and for what a draft leaves open."""

from __future__ import annotations

from typing import Final

from rules.publishing.mistake_words import Words

TABLE_WORDS: Final[dict[str, Words]] = {
    # the table
    "table_too_large": Words(
        "tệp dài hơn {limit} byte",
        "the file is longer than {limit} bytes",
        "chia bảng thành nhiều tệp",
        "part the table into several files",
    ),
    "table_encoding": Words(
        "tệp không phải UTF-8 hay UTF-16",
        "the file is neither UTF-8 nor UTF-16",
        "trong Excel chọn Lưu thành, CSV UTF-8",
        "in Excel choose Save as, CSV UTF-8",
    ),
    "table_unreadable": Words(
        "không đọc được sổ tính Excel này",
        "this Excel workbook can't be read",
        "lưu lại ở dạng .xlsx, không đặt mật khẩu, hoặc CSV UTF-8",
        "save it again as .xlsx without a password, or as CSV UTF-8",
    ),
    "table_unpacks_too_large": Words(
        "sổ tính bung ra lớn hơn {limit} byte",
        "the workbook unpacks to more than {limit} bytes",
        "chép bảng sang sổ tính mới, chỉ giữ bảng này",
        "copy the table alone into a new workbook",
    ),
    "table_quotes": Words(
        "dấu nháy kép ở dòng này không khép",
        "a double quote of this row is not closed",
        "viết hai dấu nháy liền nhau cho một dấu nháy trong ô, hoặc lưu lại từ Excel",
        "write a quote inside a cell twice, or save the table from Excel again",
    ),
    "table_too_many_rows": Words(
        "bảng có hơn {limit} dòng",
        "the table has more than {limit} rows",
        "chia bảng thành nhiều tệp",
        "part the table into several files",
    ),
    "table_without_headings": Words(
        "không thấy dòng tiêu đề trong {limit} dòng đầu của trang nào",
        "there is no row of headings in the first {limit} rows of any sheet",
        "đặt tên cột như: {titles}",
        "head the columns like this: {titles}",
    ),
    "column_missing": Words(
        "bảng thiếu cột: {titles}",
        "columns are missing: {titles}",
        "thêm cột ấy; ô chưa biết thì để trống",
        "add them; leave cells empty that are not known",
    ),
    "column_twice": Words(
        "hai cột cùng nghĩa: {titles}",
        "two columns mean the same: {titles}",
        "giữ một cột, hoặc gộp lại",
        "keep one of them, or bring them together",
    ),
    # a row
    "row_goes_on": Words(
        "dòng không có mã và tên: có lẽ viết tiếp dòng trên",
        "the row has neither code nor name: it seems to go on from the one above",
        "ghi cả thủ tục trên một dòng; trong ô xuống dòng bằng Alt+Enter",
        "write a procedure in one row; Alt+Enter breaks the line inside a cell",
    ),
    "cell_required": Words(
        "ô trống",
        "the cell is empty",
        "điền giá trị; ô gộp nhiều dòng thì ghi lại ở từng dòng",
        "fill it in; repeat in each row what is merged over several",
    ),
    "cell_too_long": Words("ô dài hơn {limit} ký tự", "longer than {limit} characters", "rút gọn", "shorten it"),
    "cell_not_text": Words(
        "ô chứa ngày, giờ hoặc đúng/sai, không phải chữ",
        "the cell holds a date, a time or a truth value, no text",
        "định dạng ô là Text rồi gõ lại",
        "format the cell as Text and type it again",
    ),
    "cell_is_error": Words(
        "ô chứa lỗi của Excel",
        "the cell holds an error of Excel's",
        "sửa công thức, hoặc gõ giá trị",
        "mend the formula, or type the value",
    ),
    "cells_beyond_headings": Words(
        "dòng có ô nằm ngoài các cột có tiêu đề: các cột có thể bị lệch",
        "there are cells beyond the headed columns: the columns may have slipped",
        "đặt trong dấu nháy kép ô có dấu ngăn cột, hoặc xóa ô thừa",
        "quote cells that hold the separator, or empty what stands beyond",
    ),
    "code_not_text": Words(
        "mã là số: Excel có thể đã mất số 0 ở cuối",
        "the code is a number: Excel may have lost zeros at its end",
        "định dạng ô là Text rồi gõ lại mã, như 1.001190",
        "format the cell as Text and type the code again, as 1.001190",
    ),
    "code_lost_digits": Words(
        "mã thiếu chữ số: sau dấu chấm phải có sáu, có thể đã mất số 0 ở cuối",
        "digits of the code are missing: six stand behind the point; zeros at its end may be lost",
        "tra lại mã trong Cơ sở dữ liệu quốc gia về thủ tục hành chính",
        "look the code up in the national database of procedures",
    ),
    "code_twice": Words(
        "mã này đã có ở dòng {row}",
        "this code stands in row {row} already",
        "giữ một dòng; mỗi thủ tục một dòng",
        "keep one of the rows: a procedure has one",
    ),
    "level_unreadable": Words(
        "không rõ mức độ",
        "no level can be read from this",
        "viết một trong: toàn trình, một phần, cung cấp thông tin, 1, 2, 3, 4",
        "write one of: toàn trình, một phần, cung cấp thông tin, 1, 2, 3, 4",
    ),
    "agency_abolished": Words(
        "cấp huyện không còn từ 1/7/2025",
        "there are no districts since 1/7/2025",
        "viết cơ quan giải quyết hiện nay",
        "write the agency that decides today",
    ),
    "time_unreadable": Words(
        "không rõ thời hạn",
        "no time limit can be read from this",
        "viết như: 05 ngày làm việc, 8 giờ làm việc, 10 ngày, ngay trong ngày",
        "write it like: 05 ngày làm việc, 8 giờ làm việc, 10 ngày, ngay trong ngày",
    ),
    "time_is_range": Words(
        "thời hạn là một khoảng",
        "the time limit is a range",
        "viết thời hạn dài nhất mà văn bản cho phép",
        "write the longest time that the law allows",
    ),
    "time_unit": Words(
        "thời hạn tính bằng phút, tuần, tháng hoặc năm",
        "the time limit is in minutes, weeks, months or years",
        "viết bằng giờ làm việc, ngày làm việc hoặc ngày theo văn bản",
        "write it in working hours, working days or days, as the law has it",
    ),
    "hours_of_what": Words(
        "không rõ là giờ làm việc hay giờ liên tục",
        "these may be working hours or hours on end",
        "viết `giờ làm việc`, hoặc số giờ chia hết cho 24",
        "write `giờ làm việc`, or hours that make whole days",
    ),
    "fee_unreadable": Words(
        "không rõ phí, lệ phí",
        "no fee can be read from this",
        "viết như: Không; 8.000 đồng/bản; hoặc tên văn bản quy định mức thu",
        "write it like: Không; 8.000 đồng/bản; or name the text that sets it",
    ),
    "fee_is_percentage": Words(
        "phí là tỷ lệ phần trăm",
        "the fee is a percentage",
        "viết tên văn bản quy định mức thu, rồi điền trong bản thảo",
        "name the text that sets it, and complete the draft",
    ),
    "amount_unclear": Words(
        "không rõ số tiền hoặc đơn vị",
        "an amount or its unit is not clear",
        "viết số tiền đầy đủ, như: 8.000 đồng; mỗi mức thu một dòng",
        "write it in full, as: 8.000 đồng; each amount on a line of its own",
    ),
    "amount_is_range": Words(
        "số tiền là một khoảng, hoặc là mức tối đa, tối thiểu của không gì cả",
        "the amount is a range, or a most or least of nothing",
        "viết từng mức thu, và mức tối đa, tối thiểu sau mức thu của một đơn vị",
        "write each amount, and a most or least behind the amount of one unit",
    ),
    "amounts_without_cases": Words(
        "nhiều mức thu mà không rõ mức nào thu khi nào",
        "several amounts, and it can't be told which is due when",
        "viết mỗi mức một dòng, chỉ khác một điều: trực tuyến / trực tiếp, cá nhân / tổ chức, hoặc tên trường hợp",
        "write each on a line, differing in one thing: online or counter, person or organisation, the name of the case",
    ),
    "draft_exists": Words(
        "đã có tệp {file} với nội dung khác",
        "there is a file {file} with other content",
        "đổi tên hoặc xóa tệp ấy, hay ghi vào thư mục khác bằng --into",
        "rename or remove it, or write into another folder with --into",
    ),
    # what a draft leaves open
    "no_translation": Words(
        "bảng không có tên tiếng Anh: chỗ `en` chép lại tiếng Việt",
        "the table has no English name: `en` repeats the Vietnamese",
        "dịch",
        "translate",
    ),
    "level_of_information": Words(
        "“cung cấp thông tin” có thể là mức 1 hoặc 2; bản thảo ghi 1",
        "“cung cấp thông tin” may be level 1 or 2; the draft says 1",
        "ghi 2 nếu có biểu mẫu để tải",
        "write 2 where there are forms to download",
    ),
    "partial_reason_not_said": Words(
        "bảng không nói vì sao chỉ một phần; bản thảo ghi `technical`",
        "the table does not say why it is only partly online; the draft says `technical`",
        "ghi lý do theo NĐ 224/2026/NĐ-CP Đ14",
        "write the reason that Decree 224/2026 art. 14 has for it",
    ),
    "agency_of_no_kind": Words(
        "cơ quan không thuộc loại nào đã biết: bản thảo không ghi `decided_by`",
        "the agency is of no known kind: the draft has no `decided_by`",
        "ghi loại cơ quan giải quyết",
        "write which kinds of agencies decide",
    ),
    "time_has_cases": Words(
        "còn thời hạn khác mà bản thảo không ghi",
        "there are other time limits that the draft does not have",
        "ghi vào `cases`, hoặc vào bước giải quyết",
        "write them into `cases`, or into the steps of the review",
    ),
    "time_has_conditions": Words(
        "bên cạnh thời hạn còn lời khác chưa đọc",
        "there are words beside the time limit that were not read",
        "xem dòng của bảng",
        "look at the row of the table",
    ),
    "hours_taken_as_days": Words(
        "số giờ chia hết cho 24 được ghi thành ngày",
        "hours that make whole days are written as days",
        "đối chiếu văn bản",
        "compare with the law",
    ),
    "fee_not_said": Words(
        "bảng không nói về phí: bản thảo không có `fee`",
        "the table says nothing of a fee: the draft has no `fee`",
        "điền mức thu, hoặc giữ nguyên nếu không thu",
        "write it, or leave it so if there is none",
    ),
    "fee_elsewhere": Words(
        "bảng dẫn văn bản khác về mức thu: bản thảo không có `fee`",
        "the table points to another text for the fee: the draft has no `fee`",
        "điền mức thu theo văn bản ấy",
        "write what that text says",
    ),
    "fee_has_more": Words(
        "bên cạnh mức thu còn lời khác chưa đọc, như miễn, giảm",
        "there are words beside the amounts that were not read, such as of waivers",
        "xem dòng của bảng",
        "look at the row of the table",
    ),
    "fee_has_cases": Words(
        "nhiều mức thu được hiểu là các trường hợp loại trừ nhau, người nộp chọn trong `fee_case`",
        "several amounts are taken as cases that exclude each other, which the applicant chooses in `fee_case`",
        "đối chiếu văn bản: có thể phải cộng lại",
        "compare with the law: they may have to be added",
    ),
    "fee_not_for_all": Words(
        "có kênh nộp hoặc loại người nộp không thuộc mức thu nào: bản thảo không thu",
        "some channel or kind of applicant has no amount: the draft lets it go free",
        "ghi mức thu còn thiếu",
        "write the amount that is missing",
    ),
    "papers_elsewhere": Words(
        "bảng không liệt kê giấy tờ: bản thảo không có `papers`",
        "the table lists no papers: the draft has no `papers`",
        "điền giấy tờ theo văn bản",
        "write the papers by the law",
    ),
    "sets_of_paper_left_out": Words(
        "bảng nói giấy tờ nào cần mấy bộ: bản thảo không ghi",
        "the table says how many sets there are of a paper: the draft does not",
        "ghi số bộ của cả hồ sơ vào `sets`",
        "write the sets of the whole dossier into `sets`",
    ),
    "legal_basis_not_said": Words(
        "bảng không nói căn cứ pháp lý",
        "the table names no legal basis",
        "ghi văn bản, điều khoản",
        "write the texts with their articles",
    ),
}
