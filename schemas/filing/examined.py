"""The checks of files and a signature, before the record names them."""

from ..base import Model, Problem
from ..files import ScanState
from ..signature import SignatureRecord


class Examined(Model):
    """The problems of the files, the scanner's report, and for a submission the check of its signature.

    Without files nothing was scanned, and `scan` is None.
    """

    problems: tuple[Problem, ...] = ()
    scan: ScanState | None = None
    signature: SignatureRecord | None = None
