"""Every command of every kind, given to a run that knows nothing of it: the record has the last word, not the rules."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rules.stream_kind import Origin, StreamKind
from rules.streams import KINDS
from schemas.errors import RefusalCode, RefusalError
from schemas.filing.commands import content_of
from schemas.ids import StreamId
from schemas.privacy.erasure import ERASED
from schemas.stream.ledger import Receipt
from tests.contract.samples import COMMANDS
from tests.unit.filing.lives import CALENDAR, procedure
from tests.unit.stream.shell import FILING, NOW, Engine
from workflows.stream.recording import Stream

EVERY: Final = [(kind, command) for kind in KINDS.values() for command in COMMANDS if type(command) in kind.commands]


def run(kind: StreamKind[Any]) -> Stream[Any]:
    """A new one, by whose rules everything is forbidden: what its stream was about is erased."""
    name = StreamId(kind.name, FILING, 0 if kind.name == "filing" else 1)
    state = kind.initial(Origin(name, "H01.30", procedure(), CALENDAR))
    return Stream(kind, name, state.model_copy(update={"erased_at": NOW}))


async def test_what_is_recorded_is_found_though_it_is_forbidden_and_what_is_not_is_refused(engine: Engine) -> None:
    assert {type(command) for _, command in EVERY} == {one for kind in KINDS.values() for one in kind.commands}
    for kind, command in EVERY:
        content, about = content_of(command), (kind.name, command.kind)
        engine.receipts.clear()
        with pytest.raises(RefusalError) as refused:
            await run(kind).record(command)
        assert (refused.value.refusal, engine.log) == (ERASED, []), about
        recorded = Receipt(command_id=command.command_id, digest=content, seq=1, at=NOW)
        engine.receipts.append(recorded)
        run(kind).check(command, content)
        assert await run(kind).record(command) == recorded, about
        with pytest.raises(RefusalError) as refused:
            await run(kind).record(command, "0" * 64)
        assert refused.value.refusal.code is RefusalCode.SAME_ID_OTHER_CONTENT, about
