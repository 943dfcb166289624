"""Samples for an integrator's or an agency's own tests: valid messages of invented people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from . import contract as c

_FILE: Final = {"key": "papers/sample/birth_notice", "sha256": "0" * 64, "size": 1}
_SUBJECT: Final = "applicant-1"


def submission(**overrides: Any) -> c.Submission:
    """A birth registration (khai sinh) that fits `procedures/1.001193@2026-12.yaml`, new at every call."""
    fields: dict[str, Any] = {
        "client_id": "sample",
        "submission_id": str(uuid4()),
        "procedure": "1.001193",
        "agency": "H56.30",
        "applicant": {"subject": _SUBJECT, "name": "Nguyễn Văn An", "id_number": "001090000001"},
        "actor": {"subject": _SUBJECT, "role": "applicant"},
        "via": {"principal": "sample"},
        "form": {
            "child_name": "Nguyễn Thị Bình Minh",
            "child_birth_date": _born(),
            "child_sex": "female",
            "birth_place": "Bệnh viện Phụ sản Hà Nội",
            "child_ethnicity": "Kinh",
            "child_nationality": "Việt Nam",
        },
        "papers": [{"code": "birth_notice", "file": _FILE}],
        "result_channel": "online",
    }
    return c.Submission(**(fields | overrides))


def _born() -> str:
    """A day on which a child is born whose birth is registered in time."""
    return (datetime.now(UTC).date() - timedelta(days=20)).isoformat()


def dossier(**overrides: Any) -> c.Dossier:
    """What a back office sees of `submission()`."""
    made = submission()
    fields: dict[str, Any] = made.model_dump(include={"procedure", "agency", "applicant", "form", "papers"})
    own = {"filing_id": uuid4(), "code": "H56.30-261125-0001", "version": "2026-12", "level": 4}
    return c.Dossier(**(fields | own | overrides))


def issue_request(**overrides: Any) -> c.IssueRequest:
    """A request to make the result of `dossier()`."""
    own: dict[str, Any] = {"request_id": "issue:1", "dossier": dossier(), "outcome": "approved", "officer": "leader-1"}
    return c.IssueRequest(**(own | overrides))
