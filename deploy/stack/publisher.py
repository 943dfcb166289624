"""The publisher of a stack: its owner, with its master key."""

from collections.abc import Mapping

from activities.keys.masters import master_keys
from activities.ledger.vault import Vault
from publishing.record.publishing import Publisher


def publisher(env: Mapping[str, str]) -> Publisher:
    """Returns the publisher of the stack with this environment."""
    return Publisher(vault=Vault(master_keys(env["MOTCUA_MASTER_KEY"])))
