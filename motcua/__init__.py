"""The client kit of motcua: file and follow filings, run an agency's back office.

    >>> from motcua import FilingClient, Submission

Everything of the contract is here too: models, enums, `filing_id`, `digest` …
"""

import types
import typing

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
from .errors import ChangedMeanwhile as ChangedMeanwhile
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
from .errors import TooMany as TooMany
from .errors import Unavailable as Unavailable
from .errors import UnfitError as UnfitError
from .payloads.converter import data_converter as data_converter
from .signing import Authenticated as Authenticated
from .signing import Speaker as Speaker

__version__ = "0.1.0"

if not typing.TYPE_CHECKING:  # a type checker knows what is imported above, and not this list
    __all__ = ["__version__"]
    __all__ += [name for name, it in globals().items() if name[0] != "_" and not isinstance(it, types.ModuleType)]
