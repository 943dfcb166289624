"""The contract: every message between the platform and other programs.

The models are frozen, and no module here has I/O or a clock. The `__all__` of a module lists the names that the kit
exports from it.
"""
# ruff: noqa: F403 -- everything that those lists name is re-exported, and stands in one list only

import types
import typing

from .backoffice import *
from .base import *
from .complaint import state as _complaint
from .complaint.commands import *
from .complaint.state import *
from .errors import *
from .files import *
from .filing.commands import *
from .filing.delivery import *
from .filing.events import *
from .filing.state import *
from .filing.submission import *
from .identity.statement import *
from .ids import *
from .level import *
from .limit import *
from .message_catalogue import *
from .names import *
from .papers.state import *
from .parcel.commands import *
from .parcel.state import *
from .payment.commands import *
from .payment.state import *
from .people import *
from .publishing.calendar import *
from .publishing.fact import *
from .publishing.fee import *
from .publishing.procedure import *
from .publishing.procedure_rules import *
from .publishing.province import *
from .publishing.time_limits import *
from .reading import *
from .referral.commands import *
from .referral.state import *
from .refund.commands import *
from .refund.state import *
from .result import state as _result
from .result.commands import *
from .result.state import *
from .signature import *
from .stream.edge import *
from .stream.ledger import *
from .stream.part import *
from .text import *
from .translate import *

COMPLAINT_OPENING: typing.Final = _complaint.OPENING
ResultValidity = _result.Validity

if not typing.TYPE_CHECKING:  # a type checker knows what is imported above, and not this list
    __all__ = [name for name, value in globals().items() if name[0] != "_" and not isinstance(value, types.ModuleType)]
