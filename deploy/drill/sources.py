"""The settings of the drill. They are read once and then removed, so that no child process can reach live systems."""

import os
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from obstore.store import ObjectStore

from activities.keys.masters import MASTER_KEY, WITH_MASTER_KEY, MasterKeys
from console.database import APPLICATION, address, find_setting, master_key
from motcua.cli.running import Exit, refusing
from motcua.payloads.key_ring import CodecRing, RingError, ring_here
from operations.commands.documents.store import object_store
from operations.commands.ledger.checkpoints import log_of, settings_here
from operations.commands.people.erasures import second_place
from recovery.checkpoint_store import SecondPlace
from rules.proof.note import Verifier

_OURS: Final = ("MOTCUA_", "TEMPORAL_", "AWS_")


@dataclass(frozen=True)
class Sources:
    """The sources of a drill: the running record, the object store, the second place, and the master keys.

    `log`: the key by which checkpoints are verified; None without a second place. `keys`: the settings of the master
    keys, and `ring`: the keys that seal payloads, both for the drill's own worker.
    """

    record: str
    store: ObjectStore
    place: SecondPlace | None
    log: Verifier | None
    masters: MasterKeys
    keys: dict[str, str]
    ring: CodecRing | None

    @classmethod
    def here(cls) -> Self:
        """Returns the sources that this process's settings or this folder's stack name; else ends the command."""
        place = second_place()
        keys = {name: value for name in (MASTER_KEY, *WITH_MASTER_KEY) if (value := find_setting(name))}
        store = object_store()
        with refusing(RingError, Exit.USAGE):
            ring = ring_here()
        return cls(
            record=address(APPLICATION),
            store=store,
            place=place,
            log=None if place is None else log_of(settings_here()),
            masters=master_key(),
            keys=keys,
            ring=ring,
        )

    @property
    def database(self) -> str:
        """The name of the record's database."""
        return urlsplit(self.record).path.removeprefix("/")


def forget() -> None:
    """Removes every address and secret of the platform from the environment of this process and its children."""
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    os.environ["TEMPORAL_CONFIG_FILE"] = os.devnull  # else Temporal's own file may name the production
