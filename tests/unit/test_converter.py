"""What goes over Temporal as JSON, and as a failure."""

from __future__ import annotations

from typing import Final

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from motcua.contract import UNOPENED, UNREADABLE
from motcua.payloads.codec import sealing
from motcua.payloads.converter import data_converter
from tests.sealed import ring

CONVERTERS: Final = {"plain": data_converter, "sealed": sealing(data_converter, ring("one"))}


async def written(converter: DataConverter, error: ApplicationError) -> Failure:
    """How an error that was raised goes over Temporal."""
    failure = Failure()
    with pytest.raises(ApplicationError) as raised:
        raise error
    await converter.encode_failure(raised.value, failure)
    return failure


@pytest.mark.parametrize("converter", CONVERTERS.values(), ids=CONVERTERS)
async def test_what_is_expected_says_no_lines_of_ours(converter: DataConverter) -> None:
    expected = ApplicationError("no news yet", 7, type="no_news", category=ApplicationErrorCategory.BENIGN)
    failure = await written(converter, expected)
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert (read.message, read.details, failure.stack_trace) == ("no news yet", (7,), "")


@pytest.mark.parametrize("converter", CONVERTERS.values(), ids=CONVERTERS)
async def test_a_fault_says_where_it_arose_and_sealed_nobody_else_reads_it(converter: DataConverter) -> None:
    failure = await written(converter, ApplicationError("broken"))
    assert ("test_converter.py" in failure.stack_trace) is (converter.payload_codec is None)
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert read.message == "broken"
    assert read.failure is not None
    assert "test_converter.py" in read.failure.stack_trace


REFERENCES: Final = {
    "by its encoding": {"encoding": b"json/external-storage-reference"},
    "by its mark": {"encoding": b"json/plain", "__temporal_external_storage_reference": b"true"},
}


@pytest.mark.parametrize("said", REFERENCES)
@pytest.mark.parametrize("converter", CONVERTERS.values(), ids=CONVERTERS)
async def test_what_says_that_it_is_stored_elsewhere_keeps_nobody_from_reading_on(
    converter: DataConverter, said: str
) -> None:
    payload = Payload(metadata=REFERENCES[said], data=b"no JSON")
    [read] = await converter.decode([payload])
    assert read is (UNREADABLE if converter.payload_codec is None else UNOPENED)
