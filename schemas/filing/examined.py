"""What was found out about files, and a signature, before what names them is recorded."""

from __future__ import annotations

from ..base import Model, Problem
from ..files import ScanState
from ..signature import SignatureRecord


class Examined(Model):
    """What is wrong with the files, what the scanner says of them, and of a submission how its signature stands.

    Without files nothing was looked at, and `scan` is None.
    """

    problems: tuple[Problem, ...] = ()
    scan: ScanState | None = None
    signature: SignatureRecord | None = None
