"""What people call roles, stages, acts, channels, agencies: no code stands in a sentence that they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from .agency import AgencyKind
from .base import Text
from .complaint import ComplaintState
from .filing.state import Stage
from .level import Channel
from .people import Role
from .publishing.procedure import Act

ROLE_NAMES: Final[Mapping[StrEnum, Text]] = {
    Role.APPLICANT: Text(vi="người nộp", en="applicant"),
    Role.REPRESENTATIVE: Text(vi="người đại diện", en="representative"),
    Role.RECEPTION: Text(vi="cán bộ tiếp nhận", en="reception"),
    Role.SPECIALIST: Text(vi="chuyên viên", en="specialist"),
    Role.LEADER: Text(vi="lãnh đạo", en="leader"),
    Role.CLERK: Text(vi="văn thư", en="clerk"),
    Role.CASHIER: Text(vi="cán bộ thu phí", en="cashier"),
    Role.HANDOVER: Text(vi="cán bộ trả kết quả", en="handover"),
    Role.TEAM_LEAD: Text(vi="phụ trách Bộ phận Một cửa", en="team lead"),
    Role.OPERATOR: Text(vi="người vận hành", en="operator"),
    Role.AUDITOR: Text(vi="người kiểm tra", en="auditor"),
    Role.SYSTEM: Text(vi="hệ thống", en="system"),
}
STAGE_NAMES: Final[Mapping[StrEnum, Text]] = {
    Stage.DRAFT: Text(vi="chưa nộp", en="draft"),
    Stage.INTAKE: Text(vi="tiếp nhận", en="intake"),
    Stage.SUPPLEMENT: Text(vi="bổ sung", en="supplement"),
    Stage.FEE: Text(vi="nộp phí", en="fee"),
    Stage.SUSPENDED: Text(vi="tạm dừng", en="suspended"),
    Stage.OBLIGATION: Text(vi="nghĩa vụ tài chính", en="obligation"),
    Stage.CONFIRMATION: Text(vi="người nộp xác nhận bản dự thảo", en="confirmation"),
    Stage.REVIEW: Text(vi="thẩm định", en="review"),
    Stage.ISSUE: Text(vi="lập kết quả", en="issue"),
    Stage.DELIVERY: Text(vi="chuyển kết quả qua bưu chính", en="delivery"),
    Stage.PICKUP: Text(vi="chờ nhận kết quả", en="pickup"),
    Stage.CLOSED: Text(vi="đã kết thúc", en="closed"),
}
ACT_NAMES: Final[Mapping[StrEnum, Text]] = {
    Act.FORWARD: Text(vi="xử lý và chuyển bước", en="handling it and passing it on"),
    Act.INSPECT: Text(vi="kiểm tra thực tế và ghi biên bản", en="an inspection on site"),
    Act.CONSULT: Text(vi="lấy ý kiến", en="a consultation"),
    Act.OBLIGATION: Text(vi="theo dõi nghĩa vụ tài chính", en="the financial obligation"),
    Act.DRAFT: Text(vi="gửi bản dự thảo cho người nộp", en="a draft for the applicant"),
    Act.REFER: Text(vi="liên thông với cơ quan khác", en="the answers of other agencies"),
    Act.PROPOSE: Text(vi="đề xuất", en="a proposal"),
    Act.DECIDE: Text(vi="quyết định", en="a decision"),
}
CHANNEL_NAMES: Final[Mapping[StrEnum, Text]] = {
    Channel.ONLINE: Text(vi="trực tuyến", en="online"),
    Channel.COUNTER: Text(vi="tại bộ phận một cửa", en="at the one-stop desk"),
    Channel.POST: Text(vi="qua bưu chính công ích", en="by public post"),
}

AGENCY_KIND_NAMES: Final[Mapping[StrEnum, Text]] = {
    AgencyKind.COMMUNE: Text(vi="Ủy ban nhân dân cấp xã", en="commune people's committee"),
    AgencyKind.COMMUNE_POLICE: Text(vi="Công an cấp xã", en="commune police"),
    AgencyKind.PROVINCE_DEPARTMENT: Text(vi="sở, ban, ngành cấp tỉnh", en="department of the province"),
    AgencyKind.PROVINCE_POLICE: Text(vi="Công an cấp tỉnh", en="province police"),
    AgencyKind.LAND_OFFICE: Text(vi="Văn phòng đăng ký đất đai", en="land registration office"),
    AgencyKind.TAX: Text(vi="cơ quan thuế", en="tax office"),
    AgencyKind.SOCIAL_INSURANCE: Text(vi="cơ quan bảo hiểm xã hội", en="social insurance office"),
    AgencyKind.ONE_STOP_CENTRE: Text(vi="Trung tâm Phục vụ hành chính công", en="one-stop centre"),
    AgencyKind.MINISTRY: Text(vi="bộ, cơ quan ngang bộ", en="ministry"),
}

COMPLAINT_STATE_NAMES: Final[Mapping[StrEnum, Text]] = {
    ComplaintState.RECORDED: Text(vi="chờ thụ lý", en="waits to be taken up"),
    ComplaintState.TAKEN_UP: Text(vi="đang giải quyết", en="taken up"),
    ComplaintState.UPHELD: Text(vi="khiếu nại đúng", en="upheld"),
    ComplaintState.REJECTED: Text(vi="khiếu nại sai", en="rejected"),
    ComplaintState.WITHDRAWN: Text(vi="đã rút khiếu nại", en="withdrawn"),
}


def listed(names: Mapping[StrEnum, Text], of: Iterable[StrEnum]) -> Text:
    """The names of these, in this order."""
    found = [names[one] for one in of]
    return Text(vi=", ".join(name.vi for name in found) or "-", en=", ".join(name.en for name in found) or "-")
