"""JSON as it goes over Temporal: pydantic's, without fields that are None, which keeps histories small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import from_json, to_json
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadConverter,
)
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from .contract import UNOPENED, UNREADABLE, MotcuaError

SEALED: Final = b"binary/encrypted"
"""The encoding of what a codec has sealed."""

NOT_OPENED: Final = b"motcua/not-opened"
"""The encoding by which a codec says that it could not open a payload; the data is why, in a few words."""


class UnopenedError(MotcuaError):
    """A payload that must be readable is plain, foreign, damaged, or sealed by a key that this process does not have.

    Never a refusal: a workflow task, or an activity, that raises it is tried again until a process has the key.
    """


def _written(value: Any) -> bytes:
    return to_json(value, exclude_none=True)


def as_sent(message: BaseModel) -> dict[str, Any]:
    """The JSON object that goes over Temporal for a message."""
    return dict(from_json(_written(message)))


class _CompactJson(PydanticJSONPlainPayloadConverter):
    def to_payload(self, value: Any) -> Payload | None:
        return Payload(metadata={"encoding": self.encoding.encode()}, data=_written(value))


_JSON: Final = _CompactJson()
_BY_ENCODING: Final = CompositePayloadConverter(
    *(
        _JSON if isinstance(each, JSONPlainPayloadConverter) else each
        for each in DefaultPayloadConverter.default_encoding_payload_converters
    )
)
"""One for all: the SDK makes a converter several times for each message, and this one keeps how each model is read."""


class _CompactConverter(PayloadConverter):
    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        return _BY_ENCODING.to_payloads(values)

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        hints: Sequence[type | None] = type_hints or [None] * len(payloads)
        return [self._value(payload, hint) for payload, hint in zip(payloads, hints, strict=True)]

    def _value(self, payload: Payload, hint: type | None) -> Any:
        """One value. What is taken as it comes must arrive, so that the one who takes it can refuse it in words."""
        as_it_comes = hint is None or hint is Any
        try:
            return _BY_ENCODING.from_payloads([payload], None if hint is None else [hint])[0]
        except Exception:
            why = why_not_opened(payload)
            if as_it_comes:
                return UNREADABLE if why is None else UNOPENED
            if why is not None:
                raise UnopenedError(why) from None
            raise


def why_not_opened(payload: Payload) -> str | None:
    """Why a payload that has passed the codec, if there is one, is still closed; None if it is open."""
    encoding = payload.metadata.get("encoding")
    if encoding == SEALED:
        return "it is sealed, and MOTCUA_CODEC_KEYS is not set"
    return payload.data.decode(errors="replace") if encoding == NOT_OPENED else None


class FailureConverter(DefaultFailureConverter):
    """Says of what is expected, a refusal or that there is no news yet, no lines of ours: to name them takes longer."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """As the SDK writes it. An error that is expected loses its traceback."""
        if isinstance(exception, ApplicationError) and exception.category is ApplicationErrorCategory.BENIGN:
            exception = exception.with_traceback(None)
        super().to_failure(exception, payload_converter, failure)


class _DataConverter(DataConverter):
    """Knows no store of large payloads: the SDK raises over what says that it lies in one; here nobody can read it."""

    async def _decode_reference_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def _external_retrieve_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


data_converter = _DataConverter(payload_converter_class=_CompactConverter, failure_converter_class=FailureConverter)
"""What every client and worker of the platform uses where nothing is sealed. Any SDK's plain JSON is understood."""
