"""Submissions for tests of forms: each fills a form completely."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, assert_never

from publishing.authoring.procedures import check_bytes
from rules.wording.rule_words import filled
from schemas.filing.submission import Submission
from schemas.publishing.procedure import FieldKind, FieldRule, Procedure
from schemas.text import FormValue
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


MARKED: Final = "Đặng Ẵm Ẩn Ậu Ểu Ễn Ệch Ỗng Ộp Ởm Ỡ Ợt Ửng Ữu Ự Ỳ Ỷ Ỹ Ỵ Ằn Ắ"
"""A name of 60 characters, with every mark above, below and beside a letter."""


def procedure(file: Path) -> Procedure:
    """Returns a procedure of the catalogue, with values in the placeholders of its texts."""
    found = check_bytes(file.read_bytes()).procedure
    assert found is not None
    return filled(found)


def residence(**changes: object) -> Submission:
    """Returns a submission for the registration of residence, with these changes."""
    return Submission.model_validate(RESIDENCE | changes)


def to_the_edges(of: Procedure) -> Submission:
    """Returns a submission with every field and paper of a procedure; each text has its maximal length."""
    papers = [{"code": paper.code, "file": {"key": "files/a", "sha256": "0" * 64, "size": 5}} for paper in of.papers]
    fields: dict[str, Any] = {
        "procedure": of.code,
        "applicant": PERSON | {"name": MARKED},
        "form": {field.code: _longest(field) for field in of.form},
        "papers": papers,
        "address": {"recipient": MARKED, "phone": "0912 345 678", "address": ADDRESS, "postcode": "11308"},
    }
    return residence(**fields)


def _longest(field: FieldRule) -> FormValue:
    match field.kind:
        case FieldKind.TEXT:
            return f"{MARKED}; {ADDRESS}"[: field.maximum].strip()
        case FieldKind.INTEGER:
            return field.maximum if field.maximum is not None else 2**53 - 1
        case FieldKind.DATE:
            return "2026-11-27"
        case FieldKind.BOOLEAN:
            return True
        case FieldKind.COMMUNE:
            return "32248"
        case FieldKind.CHOICE:
            return max(field.choices, key=lambda choice: len(field.called(choice).vi))
        case _:
            assert_never(field.kind)


RESIDENCE_FILE = ROOT / "procedures" / "1.004222@2026-12.yaml"
