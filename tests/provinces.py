"""Provinces for tests: an overlay that changes the amount of the extract's fee."""

from typing import Any, Final

import yaml

from rules.source import parse
from tests.conftest import ROOT

EXTRACT_FILE: Final = ROOT / "procedures" / "2.000635@2026-12.yaml"
UNCONFIRMED: Final = {"source": "unconfirmed"}


def overlay(province: str, version: str, amount: int | None = None, **parts: Any) -> bytes:
    """Returns a province's file; with `amount`, a copy of an extract costs this much there."""
    fees = {}
    if amount is not None:
        fee = parse(EXTRACT_FILE.read_bytes()).value["fee"]
        fees["2.000635"] = fee | {"items": [fee["items"][0] | {"amount": amount}]}
    name = {"vi": f"Tỉnh {province}", "en": f"Province {province}"}
    said = {"province": province, "version": version, "checked": "2026-11-27", "name": name, "fees": fees}
    return yaml.safe_dump(said | parts, allow_unicode=True).encode()


def changed(source: bytes, **parts: Any) -> bytes:
    """Returns a procedure's file with these parts added or replaced."""
    return yaml.safe_dump(parse(source).value | parts, allow_unicode=True, sort_keys=False).encode()
