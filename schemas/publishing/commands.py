"""The acts by which two operators publish: one requests, another approves or declines. Their programs sign the acts."""

from ..base import Line
from ..people import OfficerCommand


class AskPublication(OfficerCommand):
    """Request a publication. `events` are its events without people's names, as RFC 8785 JSON."""

    events: tuple[str, ...]


class ApprovePublication(OfficerCommand):
    """Approve another operator's request. `asked` is the number of the request."""

    asked: int


class DeclinePublication(OfficerCommand):
    """Decline a request. `asked` is the number of the request."""

    asked: int
    reason: Line
