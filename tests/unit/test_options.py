"""What many commands are given: a filing by its id or its dossier code, and who acts."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
import typer

from motcua.cli import options
from motcua.cli.options import actor_of, filing_id_of, order
from schemas.money.till import CloseTill
from schemas.privacy.exports import AskExport

CODE = "H01.12-20261125-0000001"


def test_a_filing_is_named_by_its_id_or_where_the_platform_is_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    filing = uuid4()
    assert filing_id_of(str(filing)) == filing
    platform = SimpleNamespace(filing_id=lambda code: filing if code == CODE else None)
    monkeypatch.setattr(options, "entry_points", lambda **_: [SimpleNamespace(module="platform")])
    monkeypatch.setattr(options, "import_module", lambda _: platform)
    assert filing_id_of(CODE) == filing
    monkeypatch.setattr(options, "entry_points", lambda **_: [])
    for text in (CODE, "7", "payment:1"):
        with pytest.raises(typer.BadParameter, match="UUID"):
            filing_id_of(text)


def test_who_acts_is_written_one_way() -> None:
    assert actor_of("leader:a@b@H01.12") == {"role": "leader", "subject": "a@b", "agency": "H01.12"}
    assert actor_of("applicant:vneid-1") == {"role": "applicant", "subject": "vneid-1"}
    for text in ("leader", "boss:x"):
        with pytest.raises(typer.Exit):
            actor_of(text)


def test_an_order_has_what_its_model_has() -> None:
    given = order(CloseTill, "cashier:c-1@H01.12", till="H01.12-20261127-Q1")
    assert (given.actor.subject, given.via.principal, given.till) == ("c-1", "motcua", "H01.12-20261127-Q1")
    assert given.command_id
    assert order(CloseTill, "cashier:c-1@H01.12", "mine", till="H01.12-20261127-Q1").command_id == "mine"
    assert order(AskExport, "operator:o-1@H01.12", reason="12/PYC").actor.subject == "o-1"
