"""JSON as it goes over Temporal: pydantic's, without fields that are None, which keeps histories small."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter, pydantic_data_converter
from temporalio.converter import CompositePayloadConverter, DefaultPayloadConverter, JSONPlainPayloadConverter


class _CompactJson(PydanticJSONPlainPayloadConverter):
    def to_payload(self, value: Any) -> Payload | None:
        return Payload(metadata={"encoding": self.encoding.encode()}, data=to_json(value, exclude_none=True))


_JSON: Final = _CompactJson()
"""One for all: the SDK makes a converter for almost every payload, and this one keeps how each model is read."""


class _CompactConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        standard = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_JSON if isinstance(each, JSONPlainPayloadConverter) else each for each in standard))

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        hints: Sequence[type | None] = type_hints or [None] * len(payloads)
        return [self._value(payload, hint) for payload, hint in zip(payloads, hints, strict=True)]

    def _value(self, payload: Payload, hint: type | None) -> Any:
        """One value. What is taken as it comes must arrive, so that the one who takes it can refuse it in words."""
        try:
            return super().from_payloads([payload], None if hint is None else [hint])[0]
        except Exception:
            if hint is None or hint is Any:
                return UNREADABLE
            raise


class _Unreadable:
    """Stands for JSON that can't be read; fits no model."""


UNREADABLE: Final = _Unreadable()

data_converter = dataclasses.replace(pydantic_data_converter, payload_converter_class=_CompactConverter)
"""What every client and worker of the platform uses. Any SDK's plain JSON is understood as well."""
