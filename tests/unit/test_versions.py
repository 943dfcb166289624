"""Builds and versions: what one build can take over from another."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from operations.schema_version import MIGRATIONS
from rules.streams import PAYMENT
from schemas.people import Actor, Role
from tests.conftest import ROOT
from views.log import opened
from workers.build import CODE, LOCK, build_of

AT: Final = datetime(2026, 11, 26, tzinfo=UTC)


def row(version: int, **body: Any) -> dict[str, Any]:
    actor = Actor(subject="system", role=Role.SYSTEM).model_dump(mode="json")
    return {
        "seq": 1,
        "kind": "payment_cancelled",
        "version": version,
        "body": json.dumps(body).encode(),
        "sealed": None,
        "command_id": "c",
        "actor": json.dumps(actor).encode(),
        "occurred_at": AT,
    }


class NoKey:
    def unseal(self, sealed: bytes, context: str) -> bytes:  # noqa: ARG002 -- nothing here is sealed
        raise AssertionError


def test_an_event_of_an_older_version_is_lifted_step_by_step() -> None:
    def named(data: dict[str, Any]) -> dict[str, Any]:
        return {"kind": data["kind"], "because": data["why"]}

    def shorter(data: dict[str, Any]) -> dict[str, Any]:
        return {"kind": data["kind"], "reason": data["because"].strip()}

    kind = replace(PAYMENT, upcasters={"payment_cancelled": (named, shorter)})
    assert (kind.event_version("payment_cancelled"), kind.event_version("payment_captured")) == (3, 1)
    assert kind.reads.events["payment_cancelled"] == 3
    for version, body in ((1, {"why": " late "}), (2, {"because": " late "}), (3, {"reason": "late"})):
        assert opened(kind, "payment:x:1", row(version, **body), NoKey()).event.reason == "late"
    with pytest.raises(ValueError, match="has version 4; this build reads up to 3"):
        opened(kind, "payment:x:1", row(4, reason="late"), NoKey())


def test_a_build_is_named_by_all_that_decides_how_filings_go_on(tmp_path: Path) -> None:
    for room in CODE:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / LOCK, tmp_path)
    first = build_of(tmp_path)
    assert first == build_of(ROOT)
    (tmp_path / "README.md").write_text("other")
    assert build_of(tmp_path) == first
    others = {first}
    for changed in (*(f"{room}/__init__.py" for room in CODE), LOCK):
        with (tmp_path / changed).open("a", encoding="utf-8") as file:
            file.write("\n# other\n")
        others.add(build_of(tmp_path))
    assert len(others) == len(CODE) + 2


TAKES_AWAY: Final = re.compile(r"\b(drop|rename|truncate|delete|alter column|set not null)\b", re.IGNORECASE)
HARMLESS: Final = re.compile(r"^(grant|--|create trigger).*|alter column \w+ drop not null", re.MULTILINE)
FIRST: Final = {"record", "publications", "read_models", "work", "people", "tills"}
TAKEN_AWAY: Final[dict[str, list[str]]] = {}
"""By migration, with the reason why no build needs it any more."""


def taken_away(sql: str) -> list[str]:
    up, _, _ = sql.partition("-- migrate:down")
    return TAKES_AWAY.findall(HARMLESS.sub("", up))


def test_a_migration_only_adds_so_that_two_builds_can_live() -> None:
    """What takes something away waits for a release in which no build needs it; name it here then."""
    assert taken_away("alter table x drop column y;\nalter table x alter column z drop not null;") == ["drop"]
    assert taken_away("-- drop x\ncreate table x (y text);\n-- migrate:down\ndrop table x;") == []
    files = sorted(MIGRATIONS.glob("*.sql"))
    assert {file.stem.partition("_")[2] for file in files[: len(FIRST)]} == FIRST
    newer = {file.name: taken_away(file.read_text("utf-8")) for file in files[len(FIRST) :]}
    assert {name: taken for name, taken in newer.items() if taken} == TAKEN_AWAY
