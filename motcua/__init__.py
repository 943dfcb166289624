"""The client kit of motcua: file and follow filings, run an agency's back office.

    >>> from motcua import FilingClient, Submission

Everything of the contract is here too: models, enums, `filing_id`, `digest` …
"""

from __future__ import annotations

# ruff: noqa: F403 -- everything of the contract is re-exported
from . import contract
from .backoffice import BackOffice, Document
from .client import FilingClient, command_id
from .contract import *
from .converter import data_converter
from .errors import (
    BadCommand,
    BadSubmission,
    FilingClosed,
    FilingNotAvailable,
    InternalError,
    LedgerConflict,
    MotcuaError,
    NotAllowed,
    NotAuthorised,
    NotReady,
    RefusedError,
    SameIdOtherContent,
    Unavailable,
)

__all__ = [
    "BackOffice",
    "BadCommand",
    "BadSubmission",
    "Document",
    "FilingClient",
    "FilingClosed",
    "FilingNotAvailable",
    "InternalError",
    "LedgerConflict",
    "MotcuaError",
    "NotAllowed",
    "NotAuthorised",
    "NotReady",
    "RefusedError",
    "SameIdOtherContent",
    "Unavailable",
    "command_id",
    "data_converter",
]
__all__ += contract.__all__
