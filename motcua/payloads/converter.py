"""The JSON of Temporal payloads: pydantic's, without fields that are None, which keeps histories small."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import from_json, to_json
from temporalio import converter as sdk
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from motcua.contract import UNOPENED, UNREADABLE, MotcuaError

SEALED: Final = b"binary/encrypted"
"""The encoding of a payload that a codec has encrypted."""

NOT_OPENED: Final = b"motcua/not-opened"
"""The encoding of a payload that a codec could not decrypt; its data is the reason in a few words."""


class UnopenedError(MotcuaError):
    """A required payload is foreign, damaged, unencrypted, or encrypted with a key that this process does not have.

    This error is never a refusal: the workflow task or activity that raises it is retried until a process has the key.
    """


def as_sent(message: BaseModel) -> dict[str, Any]:
    """Returns the JSON object of a message, as sent over Temporal."""
    return dict(from_json(to_json(message, exclude_none=True)))


class _CompactJson(PydanticJSONPlainPayloadConverter):
    def to_payload(self, value: Any) -> Payload | None:
        return Payload(metadata={"encoding": self.encoding.encode()}, data=to_json(value, exclude_none=True))


_BY_ENCODING: Final = sdk.CompositePayloadConverter(
    *(
        _CompactJson() if isinstance(each, sdk.JSONPlainPayloadConverter) else each
        for each in sdk.DefaultPayloadConverter.default_encoding_payload_converters
    )
)
"""The payload converters by encoding. All converters of the SDK share these, since each caches models' parsers."""


class _CompactConverter(sdk.PayloadConverter):
    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        return _BY_ENCODING.to_payloads(values)

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        hints: Sequence[type | None] = type_hints or [None] * len(payloads)
        return [self._value(payload, hint) for payload, hint in zip(payloads, hints, strict=True)]

    def _value(self, payload: Payload, hint: type | None) -> Any:
        """Decodes one value. If it can't be read and has no type, passes it on for the receiver to refuse."""
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
    """Returns why a payload is still encrypted after the codec; None if it is readable."""
    encoding = payload.metadata.get("encoding")
    if encoding == SEALED:
        return "it is sealed, and MOTCUA_CODEC_KEYS is not set"
    return payload.data.decode(errors="replace") if encoding == NOT_OPENED else None


class FailureConverter(sdk.DefaultFailureConverter):
    """Encodes failures. Omits the traceback of an expected error, such as a refusal, since formatting it takes time."""

    def to_failure(self, exception: BaseException, payload_converter: sdk.PayloadConverter, failure: Failure) -> None:
        """Encodes as the SDK does, but drops the traceback of a benign error."""
        if isinstance(exception, ApplicationError) and exception.category is ApplicationErrorCategory.BENIGN:
            exception = exception.with_traceback(None)
        super().to_failure(exception, payload_converter, failure)


class _DataConverter(sdk.DataConverter):
    """A converter without external storage: a reference to an externally stored payload is returned as it is."""

    async def _decode_reference_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def _external_retrieve_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


data_converter = _DataConverter(payload_converter_class=_CompactConverter, failure_converter_class=FailureConverter)
"""The converter of every client and worker without encryption. It reads the plain JSON of any SDK."""
