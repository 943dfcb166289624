"""Samples for an integrator's or an agency's own tests: valid messages of invented people."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from . import contract as c

_PAGE: Final = (
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
)
_FONT: Final = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def page(words: str) -> bytes:
    """Returns a PDF of one page with this text, which must be ASCII without brackets."""
    drawn = f"BT /F1 12 Tf 72 770 Td ({words}) Tj ET".encode("ascii")
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn)
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate((*_PAGE, stream, _FONT), 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


PAPER: Final = page("birth notice")
"""The content of the paper in `submission()`. Put the file into the store first, else the submission is refused."""

_SUBJECT: Final = "applicant-1"


def submission(**overrides: Any) -> c.Submission:
    """Returns a new birth registration (khai sinh) at every call, valid for `procedures/1.001193@2026-12.yaml`.

    The submission has one paper, the file `PAPER`, under the filing's key in the object store.
    """
    own = {"client_id": "sample", "submission_id": str(uuid4())} | overrides
    digest = sha256(PAPER).hexdigest()
    key = c.file_key(c.filing_id(own["client_id"], own["submission_id"]), digest)
    fields: dict[str, Any] = {
        "procedure": "1.001193",
        "agency": "H56.30",
        "applicant": {"subject": _SUBJECT, "name": "Nguyễn Văn An", "id_number": "001090000001"},
        "actor": {"subject": _SUBJECT, "role": "applicant"},
        "via": {"principal": "sample"},
        "form": {
            "child_name": "Nguyễn Thị Bình Minh",
            "child_birth_date": (datetime.now(UTC).date() - timedelta(days=20)).isoformat(),
            "child_sex": "female",
            "birth_place": "Bệnh viện Phụ sản Hà Nội",
            "child_ethnicity": "Kinh",
            "child_nationality": "Việt Nam",
        },
        "papers": [{"code": "birth_notice", "file": c.FileRef(key=key, sha256=digest, size=len(PAPER))}],
        "result_channel": "online",
    }
    return c.Submission(**(fields | own))


def dossier(**overrides: Any) -> c.Dossier:
    """Returns the dossier of `submission()`, as a back office gets it."""
    made = submission()
    fields: dict[str, Any] = made.model_dump(include={"procedure", "agency", "applicant", "form", "papers"})
    own = {"filing_id": uuid4(), "code": "H56.30-261125-0001", "version": "2026-12", "level": 4}
    return c.Dossier(**(fields | own | overrides))


def issue_request(**overrides: Any) -> c.IssueRequest:
    """Returns a request to make the result of `dossier()`."""
    own: dict[str, Any] = {"request_id": "issue:1", "dossier": dossier(), "outcome": "approved", "officer": "leader-1"}
    return c.IssueRequest(**(own | overrides))
