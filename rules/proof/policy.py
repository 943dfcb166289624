"""Trust in checkpoints (C2SP tlog-policy): logs, witnesses, and the number of cosignatures needed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from rules.proof.note import Kind, NoteError, Verifier

NONE: Final = "none"
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


class PolicyError(ValueError):
    """The text is not a valid policy."""


class Known(NamedTuple):
    """A witness: its key, and its address, if given."""

    key: Verifier
    url: str | None


class Group(NamedTuple):
    """A group of witnesses or of other groups, with the number of its members that have to cosign."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """The keys of the trusted logs; the witnesses and groups, by their names in the policy; the name of the quorum."""

    logs: tuple[Verifier, ...] = ()
    witnesses: Mapping[str, Known] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def met(self, cosigned: Collection[Verifier]) -> bool:
        """Whether the keys that cosigned a checkpoint meet the quorum."""
        return self.quorum == NONE or self._has_word(self.quorum, cosigned)

    def _has_word(self, name: str, cosigned: Collection[Verifier]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key in cosigned
        group = self.groups[name]
        return sum(self._has_word(member, cosigned) for member in group.members) >= group.needed


def read_policy(text: str) -> Policy:
    """The policy in this text. Raises `PolicyError`, which names the line."""
    if _UNFIT.search(text):
        raise PolicyError("a policy is plain text")
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = re.split("[ \t]+", line.strip(" \t"))
        if not words[0] or words[0].startswith("#"):
            continue
        try:
            reading.take(words)
        except (NoteError, PolicyError) as error:
            raise PolicyError(f"line {number}: {error}") from None
    return reading.policy()


class _Reading:
    def __init__(self) -> None:
        self._logs: list[Verifier] = []
        self._witnesses: dict[str, Known] = {}
        self._groups: dict[str, Group] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._logs.append(_key(vkey, Kind.LOG, self._logs))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                known = [one.key for one in self._witnesses.values()]
                self._witnesses[self._new(name)] = Known(_key(vkey, Kind.WITNESS, known), url[0] if url else None)
            case ["group", name, needed, *members] if members:
                for member in members:
                    self._see_known(member)
                    if member in self._members:
                        raise PolicyError(f"{member} is a member already")
                    self._members.add(member)
                self._groups[self._new(name)] = Group(_needed(needed, len(members)), tuple(members))
            case ["quorum", name] if self._quorum is None:
                if name != NONE:
                    self._see_known(name)
                self._quorum = name
            case _:
                raise PolicyError(f"no such line: {words[0]}")

    def policy(self) -> Policy:
        if self._quorum is None:
            raise PolicyError("no line says the quorum")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self._quorum)

    def _new(self, name: str) -> str:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise PolicyError(f"{name} is taken")
        return name

    def _see_known(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise PolicyError(f"{name} is not known above")


def _key(vkey: str, kind: Kind, others: Collection[Verifier]) -> Verifier:
    key = Verifier.read(vkey)
    if key.kind is not kind:
        raise PolicyError(f"{key.name} has a key of another kind")
    if key.public in {other.public for other in others}:
        raise PolicyError(f"{key.name} has the key of another")
    return key


def _needed(written: str, members: int) -> int:
    if written in {"any", "all"}:
        return 1 if written == "any" else members
    if not re.fullmatch("[1-9][0-9]{0,3}", written) or int(written) > members:
        raise PolicyError("a group needs from 1 to all of its members")
    return int(written)
