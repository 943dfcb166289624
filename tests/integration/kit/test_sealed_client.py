"""The codec of docs/codec.md, run as it stands: the integrators' program goes its whole way sealed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext

from motcua.payloads.codec import KEY_ID, NONCE, Codec
from motcua.payloads.converter import SEALED, data_converter
from motcua.payloads.key_ring import CODEC_KEYS
from operations.keys.rings import write_new
from publishing.authoring import procedures
from tests.conftest import ROOT, World
from tests.integration.kit.plain_client import PAGE, run
from tests.sealed import ring, sealed, written

PYTHON: Final = r"^```python\n(.*?)^```$"
SEALED_PAGE: Final = (ROOT / "docs" / "codec.md").read_text()
PLAIN: Final = 'Client.connect(os.environ["TEMPORAL_ADDRESS"], '


def the_codec() -> str:
    (found,) = re.findall(PYTHON, SEALED_PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


async def test_the_program_of_the_page_works_sealed_with_the_codec_of_the_other(world: World, tmp_path: Path) -> None:
    (program,) = re.findall(PYTHON, PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "ring.json"
    write_new(file, written("one"))
    setting = f"import os\nos.environ[{CODEC_KEYS!r}] = {str(file)!r}\n"
    program = program.replace("from __future__ import annotations\n", "")
    assert program.count(PLAIN) == 1
    program = setting + the_codec() + program.replace(PLAIN, PLAIN + "data_converter=SEALED, ")
    world = await sealed(world, ring("one"))
    await procedures.publish(world.owner_dsn, ROOT / "procedures" / "2.000635@2026-12.yaml")
    async with world.platform(), world.back_office():
        refused, missing, _, end = (await run(program, tmp_path, world)).splitlines()
    assert refused.startswith("bad_submission form.person_name field_required")
    assert missing.startswith("bad_submission form.copies field_required")
    assert end.startswith("10 Result returned approved ")


async def test_both_codecs_open_what_the_other_seals(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    write_new(file, written("two", "one"))
    told: dict[str, Any] = {}
    exec(the_codec().replace(f'os.environ["{CODEC_KEYS}"]', repr(str(file))), told)  # noqa: S102 -- the page's own
    theirs, ours = told["Codec"](), Codec(ring("one", "two"))
    work = ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="check",
        activity_task_queue="backoffice",
        workflow_id="filing:1",
        workflow_type="Filing",
        is_local=False,
    )
    given = await data_converter.encode([{"name": "Nguyễn Văn An"}])
    for context in (WorkflowSerializationContext("default", "filing:1"), work):
        for seals, opens in ((theirs, ours), (ours, theirs)):
            made = await seals.with_context(context).encode(given)
            assert made != given
            assert await opens.with_context(context).decode(made) == given


def test_the_codec_in_typescript_names_what_the_other_does() -> None:
    (program,) = re.findall(r"^```typescript\n(.*?)^```$", SEALED_PAGE, re.MULTILINE | re.DOTALL)
    for name in (SEALED.decode(), KEY_ID, CODEC_KEYS, "aes-256-gcm", "motcua\\n${id}\\n", f"randomBytes({NONCE})"):
        assert name in program
