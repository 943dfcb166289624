"""The client kit of motcua: file and follow filings, run an agency's back office.

    >>> from motcua import FilingClient, Submission

Everything of the contract is here too: models, enums, `filing_id`, `digest` …
"""

from typing import TYPE_CHECKING

from . import contract
from .backoffice import BackOffice as BackOffice
from .backoffice import Document as Document
from .blocking import BlockingActingClient as BlockingActingClient
from .blocking import BlockingFilingClient as BlockingFilingClient
from .calls.acting import ActingClient as ActingClient
from .calls.acting import PassedOver as PassedOver
from .calls.sending import command_id as command_id
from .client import FilingClient as FilingClient
from .contract import *  # noqa: F403 -- everything of the contract is re-exported
from .errors import BadCommand as BadCommand
from .errors import BadSubmission as BadSubmission
from .errors import FilingClosed as FilingClosed
from .errors import FilingNotAvailable as FilingNotAvailable
from .errors import InternalError as InternalError
from .errors import LedgerConflict as LedgerConflict
from .errors import MotcuaError as MotcuaError
from .errors import NotAllowed as NotAllowed
from .errors import NotAuthorised as NotAuthorised
from .errors import NotFound as NotFound
from .errors import NotReady as NotReady
from .errors import RefusedError as RefusedError
from .errors import SameIdOtherContent as SameIdOtherContent
from .errors import Unavailable as Unavailable
from .errors import UnfitError as UnfitError
from .payloads.converter import data_converter as data_converter
from .signing.statement import Authenticated as Authenticated
from .signing.statement import Speaker as Speaker

__version__ = "0.1.0"

if not TYPE_CHECKING:  # a type checker knows what is imported above, and not this list
    __all__ = [
        "ActingClient",
        "Authenticated",
        "BackOffice",
        "BadCommand",
        "BadSubmission",
        "BlockingActingClient",
        "BlockingFilingClient",
        "Document",
        "FilingClient",
        "FilingClosed",
        "FilingNotAvailable",
        "InternalError",
        "LedgerConflict",
        "MotcuaError",
        "NotAllowed",
        "NotAuthorised",
        "NotFound",
        "NotReady",
        "PassedOver",
        "RefusedError",
        "SameIdOtherContent",
        "Speaker",
        "Unavailable",
        "UnfitError",
        "__version__",
        "command_id",
        "data_converter",
    ]
    __all__ += [name for name in vars(contract) if not name.startswith("_")]
