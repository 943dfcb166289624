"""The client kit of motcua: file and follow filings, run an agency's back office.

    >>> from motcua import FilingClient, Submission

Everything of the contract is here too: models, enums, `filing_id`, `digest` …
"""

from .backoffice import BackOffice as BackOffice
from .backoffice import Document as Document
from .client import FilingClient as FilingClient
from .client import command_id as command_id
from .contract import *  # noqa: F403 -- everything of the contract is re-exported
from .converter import data_converter as data_converter
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
