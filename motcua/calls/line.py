"""The shared part of all calls of one client."""

from dataclasses import dataclass, field

from temporalio.client import Client

from motcua.signing import Known, Voice

from .retry import Crowd


@dataclass(frozen=True)
class Line:
    """A client's connection, signer, known receipts, waiting calls, and `patience`: the seconds to retry a call."""

    client: Client
    patience: float
    voice: Voice = field(default_factory=Voice)
    known: Known = field(default_factory=Known)
    crowd: Crowd = field(default_factory=Crowd)
