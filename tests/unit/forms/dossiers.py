"""Submissions that fill a form to its edges."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations.publishing.catalogue import check_bytes
from rules.publishing.prose import filled
from schemas.filing.submission import Submission
from schemas.publishing.procedure import Procedure
from tests.conftest import ROOT

FILES = sorted((ROOT / "procedures").glob("*.yaml"))
AT = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)
NAME = "Nguyễn Thị Hoàng Thùy Dương Ngọc Bảo Châu Phương Quỳnh Như Ý"
ADDRESS = ("Số 45/6 ngõ 789 đường Nguyễn Đình Chiểu, tổ 12, khu phố Bình Ổn, phường Ỷ La, thị xã Kỳ Sơn; " * 4)[
    :300
].strip()
PERSON: dict[str, Any] = {
    "subject": "citizen-1",
    "name": NAME,
    "id_number": "001099012345",
    "phone": "0912 345 678",
    "email": "duong.nguyen@example.vn",
}
RESIDENCE: dict[str, Any] = {
    "client_id": "portal-1",
    "submission_id": "s-1",
    "procedure": "1.004222",
    "agency": "H01.12",
    "applicant": PERSON,
    "actor": {"subject": "citizen-1", "role": "applicant"},
    "via": {"principal": "portal-1"},
    "form": {"dwelling": "rented", "owner_name": NAME, "address": ADDRESS, "members": 2},
    "papers": [{"code": "owner_consent", "file": {"key": "files/a", "sha256": "0" * 64, "size": 5}}],
    "result_channel": "post",
    "address": {"recipient": NAME, "phone": "0912 345 678", "address": ADDRESS, "postcode": "11308"},
}


def procedure(file: Path) -> Procedure:
    """A procedure of the catalogue, with its texts filled."""
    found = check_bytes(file.read_bytes()).procedure
    assert found is not None
    return filled(found)


def residence(**changes: object) -> Submission:
    """A registration of residence, with these changes."""
    return Submission.model_validate(RESIDENCE | changes)


RESIDENCE_FILE = ROOT / "procedures" / "1.004222@2026-12.yaml"
