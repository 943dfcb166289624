"""The sandbox issuer: an OpenID provider for trials, where everybody may sign in as any person, and its settings."""

import json
from collections.abc import Iterable
from typing import Final

AUDIENCE: Final = "motcua"
"""The `aud` of its access tokens."""
CLIENTS: Final = "clients"
"""The folder with its clients' private keys, `<client>.pem`, in the folder of its data."""


def issuers_setting(url: str, clients: Iterable[str]) -> str:
    """Returns `MOTCUA_ISSUERS` with this issuer alone. Its clients are the registered principals of the same names."""
    trial = {
        "issuer": url,
        "audience": AUDIENCE,
        "algorithms": ["ES256"],
        "officers": ["*"],
        "applicants": True,
        "programs": True,
        "clients": {client: client for client in clients},
        "acr": {level: level for level in "1234"},
        "namespaced": False,  # its officers are those of the stack's directory
    }
    return json.dumps({"trial": trial})
