"""An evicted workflow is freed at once, since it contains no cycle for the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from temporalio.bridge.proto.workflow_activation import RemoveFromCache, WorkflowActivation, WorkflowActivationJob
from temporalio.worker import UnsandboxedWorkflowRunner

from tests.replay import conftest
from tests.replay.conftest import FILES, replay
from tests.walking import walked
from workers.memory import _Evictable
from workflows.stream.recording import Stream

# For an activity that failed the SDK makes a circle of its own, at that moment: the collector soon finds what is young.
FAILED: Final = ("expires.payment", "parcel-refused.parcel")
WITHOUT_FAILURES: Final = [file for file in FILES if not any(name in file.name for name in FAILED)]


@pytest.fixture(scope="module")
def _old() -> None:
    """Collects the garbage of earlier tests, once for all tests of this file."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def _uncollected(_old: None) -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Stream[Any]]]:
    """Returns weak references to the streams of all replayed workflows; a workflow holds its stream deep inside."""
    seen: list[weakref.ref[Stream[Any]]] = []
    adopt = Stream._adopt

    def watched(self: Stream[Any], *answer: Any) -> None:
        adopt(self, *answer)
        seen.append(weakref.ref(self))

    monkeypatch.setattr(Stream, "_adopt", watched)
    return seen


@pytest.mark.usefixtures("_uncollected")
@walked("file", WITHOUT_FAILURES, ids=lambda file: file.name.removesuffix(".history.json"), at_least=70, parts=8)
async def test_what_is_evicted_is_gone_without_the_collector(
    file: Path, streams: list[weakref.ref[Stream[Any]]]
) -> None:
    gc.collect()
    streams.clear()
    await replay(file)
    assert streams
    assert [stream for stream in streams if stream() is not None] == []


def test_what_is_freed_at_an_eviction_can_still_read_that_it_was() -> None:
    read: list[bool] = []

    async def runs() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            read.append(instance._deleting)

    instance: Any = SimpleNamespace(_deleting=True, activate=lambda _: "done", run=runs())
    instance.run.send(None)
    evicting = WorkflowActivation(jobs=[WorkflowActivationJob(remove_from_cache=RemoveFromCache())])
    assert _Evictable(instance).activate(evicting) == "done"
    assert (read, vars(instance)) == ([True], {"_deleting": True})


@pytest.mark.usefixtures("_uncollected")
async def test_the_sdk_leaves_it_to_the_collector(
    streams: list[weakref.ref[Stream[Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "ForgettingRunner", UnsandboxedWorkflowRunner)
    await replay(FILES[0])
    assert [stream for stream in streams if stream() is not None]
