"""Reads a procedure file; every mistake has its line."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

import yaml

from activities.printing.trial import Fault, Trial, faults
from publishing.checks.facts import Doubt, doubts
from publishing.checks.procedure import problems
from rules.papers.result import result_samples
from rules.source import Mistake, Parsed, mistake, parse
from schemas.publishing.procedure import Procedure
from schemas.publishing.time_limits import Limits

DEMO_SECONDS: Final[Mapping[str, int]] = {
    "intake": 60,
    "intake_at_counter": 60,
    "intake_by_post": 60,
    "processing": 600,
    "case": 600,
    "step": 60,
    "issue": 60,
    "delivery": 60,
    "pickup": 60,
    "reading": 60,
    "unclaimed": 10,
    "suspension": 60,
    "appeal": 60,
    "take_up": 60,
    "complaint": 60,
    "dialogue": 1,
    "reappointment": 600,
    "longest": 3000,
    "suspensions": 3000,
    "supplement": 30,
    "payment": 30,
    "part": 60,
    "answer": 60,
    "pay": 60,
    "draft": 60,
    "by": 60,
    "notice": 1,
    "succession": 60,
}
"""Seconds of each wait in a demonstration.

`step`: every review step, `step.<code>`: the step with this code; `payment`: the time to pay a fee; `part`: every part
that another agency decides, `part.<code>`: the part with this code; `case`: every other processing limit,
`case.<code>`: the limit of this case; `answer`, `pay`: the waits for the amount and the payment of a financial
obligation; `draft`: the applicant's time to check a draft; `by`: the length of an extension; `succession`:
the time for a successor of the applicant.
"""

ASKED_FOR: Final = frozenset({"reading", "unclaimed", "intake_at_counter", "intake_by_post", "longest", "suspensions"})
"""Names in `DEMO_SECONDS`: these waits exist only if the procedure defines them, or the caller requests them."""


class MistakesFoundError(Exception):
    """A file can't be published; `mistakes` has the reasons."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(f"{entry.path}: {entry.rule}: {entry.fix.en}" for entry in mistakes))
        self.mistakes = mistakes


class Checked(NamedTuple):
    """A procedure with the digest of its file, or the mistakes in the file."""

    procedure: Procedure | None
    sha256: str
    mistakes: list[Mistake]


def check_bytes(data: bytes, *, allow_seconds: bool = False, today: date | None = None) -> Checked:
    """Returns the procedure in `data`, or all its mistakes in the order of the file.

    A `checked` day after `today` is a mistake. If there is no other mistake, the template of the result is tried, too.
    """
    parsed = parse(data)
    found = all_mistakes(parsed, partial(problems, allow_seconds=allow_seconds, today=today))
    procedure = None if found else Procedure.model_validate(parsed.value)
    if procedure is not None and procedure.result.template is not None:
        trial = Trial(template=procedure.result.template, sheets=result_samples(procedure))
        before = parsed.lines["result.template"]  # the template is a block, which begins on the next line
        found = [
            mistake(one.rule, "result.template", said=one.detail).model_copy(update={"line": before + (one.line or 0)})
            for one in _faults(trial.model_dump_json())
        ]
    return Checked(None if found else procedure, hashlib.sha256(data).hexdigest(), found)


@lru_cache
def _faults(trial: str) -> tuple[Fault, ...]:
    """Returns the faults of a template. They are cached, since a trial takes a second or two."""
    return tuple(faults(Trial.model_validate_json(trial)))


def doubts_of(data: bytes, today: date) -> list[tuple[str, Doubt, int | None]]:
    """Returns each fact in `data` that is unconfirmed, or stale as of `today`: its path, the doubt, its line from 1."""
    parsed = parse(data)
    return [(path, doubt, _line(path, parsed.lines)) for path, doubt in doubts(parsed.value, today)]


def all_mistakes(parsed: Parsed, problems_of: Callable[[Any], list[Mistake]]) -> list[Mistake]:
    """Returns the mistakes of the YAML and of its content, each with its line, in the order of the file."""
    found = list(parsed.mistakes)
    if parsed.lines or not found:
        refused = {entry.path for entry in found}
        found += [
            entry.model_copy(update={"line": _line(entry.path, parsed.lines)})
            for entry in problems_of(parsed.value)
            if entry.path not in refused
        ]
    return sorted(found, key=lambda entry: (entry.line or 0, entry.path))


def _line(path: str, lines: Mapping[str, int]) -> int | None:
    """Returns the line of `path`, or of the nearest enclosing part that is in the file."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path)


def demo_variant(data: bytes, seconds: Mapping[str, int] | None = None, *, suffix: str = "demo") -> bytes:
    """Returns the procedure as version `…-<suffix>`, with limits in seconds: `DEMO_SECONDS`, changed by `seconds`.

    The same arguments give the same bytes. Each key of `seconds` is a name in `DEMO_SECONDS`, or names one part of the
    procedure by its code, such as `step.<code>`; any other key raises `ValueError`. Mistakes in `data` raise
    `MistakesFoundError`.
    """
    if found := check_bytes(data, allow_seconds=True).mistakes:
        raise MistakesFoundError(found)
    seconds = seconds or {}
    lasts = {name: f"{amount} seconds" for name, amount in {**DEMO_SECONDS, **seconds}.items()}
    raw: dict[str, Any] = parse(data).value
    own = [name for _, _, name in _coded_limits(raw)]
    if unknown := lasts.keys() - DEMO_SECONDS.keys() - {*own}:
        raise ValueError(f"no such limit: {', '.join(sorted(unknown))}; choose of {', '.join([*DEMO_SECONDS, *own])}")
    raw["version"] = f"{raw['version']}-{suffix}"
    kept = {name: raw["limits"][name] for name in raw["limits"].keys() & {"cut_off", "processing_from"}}
    unasked = ASKED_FOR - raw["limits"].keys() - seconds.keys()
    raw["limits"] = {name: lasts[name] for name in Limits.model_fields if name in lasts.keys() - unasked} | kept
    raw["limits_source"] = dict.fromkeys(raw["limits"], "unconfirmed")
    _shorten(raw, lasts)
    return yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=120).encode()


_LIMITS: Final = {
    "obligation": {"answer": "answer", "pay": "pay"},
    "draft": {"answer": "draft"},
    "supplement": {"limit": "supplement"},
    "fee": {"limit": "payment"},
    "extension": {"by": "by", "notice": "notice"},
    "succession": {"limit": "succession"},
}
"""The limits in parts without a code, each with its name in `DEMO_SECONDS`."""


def _coded_limits(raw: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yields each limit in a part with a code: the part, the limit's key, and the limit's name for `demo_variant`."""
    steps = raw.get("review") or ()
    yield from ((step, "limit", f"step.{step['code']}") for step in steps)
    parts = (part for step in steps if step.get("referral") for part in step["referral"]["parts"])
    yield from ((part, "limit", f"part.{part['code']}") for part in parts)
    yield from ((case, "processing", f"case.{case['code']}") for case in raw.get("cases") or ())


def _shorten(raw: dict[str, Any], lasts: Mapping[str, str]) -> None:
    for part, key, name in _coded_limits(raw):
        part[key] = lasts.get(name, lasts[name.partition(".")[0]])
    for whole in (raw, *(raw.get("review") or ())):
        for name in _LIMITS.keys() & whole.keys():
            if whole[name]:
                whole[name] |= {key: lasts[wait] for key, wait in _LIMITS[name].items()}
