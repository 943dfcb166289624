"""What the platform's commands do, in Vietnamese, by their names; the English is the docstring of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PLATFORM: Final[Mapping[str, str]] = {
    "worker": "Chạy một worker của hệ thống đến khi Ctrl-C.",
    "migrate": "Đưa cơ sở dữ liệu lên lược đồ mới nhất, với quyền của chủ sở hữu.",
    "events": "In diễn biến của hồ sơ, khoản thu và bưu gửi từ nhật ký; phần niêm phong không hiện.",
    "tasks": "Liệt kê việc đang chờ ai, việc đến hạn trước xếp trước.",
    "board": "Xem tình hình chung đến khi Ctrl-C: hồ sơ đang mở, việc, quá hạn, đứng yên, tiền, sự kiện mới.",
    "doctor": "Khám máy này và các máy chủ, và nói cách sửa chỗ chưa ổn.",
    "filing show": "Tra hồ sơ trong sổ: trạng thái, bước, hạn, khoản thu, bưu gửi, việc máy còn nợ.",
    "filing restart": "Khởi động lại hồ sơ từ nhật ký, cùng khoản thu và bưu gửi, khi quy trình bị mất hoặc sai.",
    "ledger verify": "Tính lại mọi mã băm, chuỗi, số của nhật ký, và chỉ từng chỗ bị hỏng.",
    "ledger export": "Xuất bằng chứng của một hồ sơ: sự kiện, mã băm, biên nhận, mã băm của tệp.",
    "ledger rebuild": "Dựng lại các bảng hiển thị từ nhật ký rồi thay vào, công việc vẫn chạy.",
    "filings stalled": "Liệt kê những gì đứng yên: quy trình lỗi ở worker, hồ sơ lỗi ở bộ phận xử lý máy.",
    "versions promote": "Giao mọi việc cho một bản dựng: hồ sơ mới ngay, hồ sơ khác ở sự kiện kế tiếp.",
    "versions drain": "Chuyển hết những gì một bản dựng còn giữ sang bản hiện hành, rồi mới dừng worker của nó.",
    "versions check": "Thử xem mã nguồn này tiếp tục được với dữ liệu đang có không; không thay đổi gì.",
    "procedures check": "Báo mọi lỗi của tệp thủ tục, và điều nào đã cũ hoặc chưa được xác nhận.",
    "procedures publish": "Công bố tệp thủ tục; công bố lại đúng tệp đó thì được.",
    "procedures import": "Soạn bản thảo tệp thủ tục từ bảng mà tỉnh công bố, mỗi dòng một tệp.",
    "procedures list": "Liệt kê các phiên bản đã công bố, mới nhất trước.",
    "procedures show": "Xem một phiên bản đã công bố, kèm căn cứ của từng điều.",
    "procedures diff": "Nói bằng lời hai phiên bản khác nhau ở đâu: quy tắc, lời văn, căn cứ.",
    "procedures what-if": "Cho biết phiên bản mới chạm đến những hồ sơ nào đang mở; không ghi gì.",
    "provinces check": "Báo mọi lỗi của tệp riêng của tỉnh.",
    "provinces publish": "Công bố phần riêng của tỉnh: phí, thủ tục riêng, nơi tiếp nhận.",
    "provinces list": "Liệt kê các phiên bản của từng tỉnh, mới nhất trước.",
    "provinces show": "Xem một phiên bản của tỉnh, kèm căn cứ của từng điều.",
    "directory load": "Thêm và cập nhật cơ quan, cán bộ từ một tệp; không xóa ai.",
    "directory list": "Liệt kê cơ quan, nơi nhận việc máy, cán bộ, và ai vắng mặt.",
    "directory absence": "Ghi cán bộ vắng mặt từ ngày nào đến ngày nào, và ai thay.",
    "directory present": "Xóa một lần vắng mặt đã ghi, theo ngày đầu.",
    "calendar due": "Tính thời hạn hết khi nào, và vì sao, từng dòng.",
    "calendar check": "Báo mọi lỗi của tệp lịch làm việc, và ngày cần xem lại: mới đề xuất, chưa xác nhận.",
    "calendar show": "Xem từng ngày của một lịch và căn cứ của nó, kể cả ngày mới đề xuất.",
    "calendar publish": "Áp dụng một lịch, và tính lại hạn của mọi hồ sơ, khoản thu, bưu gửi đang chạy.",
    "calendar what-if": "Cho biết hồ sơ nào sẽ quá hạn, hoặc hết quá hạn, theo lịch trong tệp; không ghi gì.",
    "calendar list": "Liệt kê các lịch đã công bố, lịch đang áp dụng trước.",
    "law matrix": "Hỏi các quy tắc về mọi vai trò, trạng thái, việc làm, và đặt căn cứ pháp lý bên cạnh.",
}
