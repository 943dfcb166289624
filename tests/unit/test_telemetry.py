"""Logs: one JSON object a line, only what is known to be harmless, of an error its kind and place alone; metrics."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from pydantic import ValidationError

from workers.settings import ProcessSettings
from workers.telemetry import configure_logging

NAME = "Nguyễn Thị CANARY"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines logged so far, read as JSON. Logging is put back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    configure_logging()
    said = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(said)
    yield lambda: [json.loads(line) for line in said.getvalue().splitlines()]
    root.handlers, level, logging.raiseExceptions = before
    root.setLevel(level)
    structlog.reset_defaults()


def broken() -> None:
    raise ValueError(NAME)


def test_a_line_is_json_with_its_time_and_level(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.stdlib.get_logger("motcua.test").info("filing.seen", filing_id="f-1")
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"], line["filing_id"]) == (
        "filing.seen",
        "info",
        "motcua.test",
        "f-1",
    )
    assert line["timestamp"].endswith("Z")


def test_what_nobody_has_allowed_is_left_out(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.stdlib.get_logger("motcua.test").warning("filing.seen", name=NAME, code="H01.12-1")
    logging.getLogger("library").warning("something", extra={"applicant": NAME, "code": "H01.12-2"})
    assert [(line["event"], line["code"]) for line in lines()] == [
        ("filing.seen", "H01.12-1"),
        ("something", "H01.12-2"),
    ]


def test_of_an_error_only_its_kind_and_place_are_said(lines: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        broken()
    except ValueError:
        logging.getLogger("library").exception("failed")
    (line,) = lines()
    assert line["exception"].startswith("ValueError at ")
    assert "CANARY" not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "0.0.0.0:1", "[::1]:9464"])
def test_metrics_are_served_at_an_ip_address_and_a_port(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MOTCUA_METRICS", address)
    assert ProcessSettings().metrics == address
    monkeypatch.setenv("MOTCUA_METRICS", "")
    assert ProcessSettings().metrics is None


@pytest.mark.parametrize("wrong", ["9464", "localhost:9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:http", "::1:9464"])
def test_what_is_no_address_for_metrics_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("MOTCUA_METRICS", wrong)
    with pytest.raises(ValidationError, match=r"such as 127\.0\.0\.1:9464"):
        ProcessSettings()
