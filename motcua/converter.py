"""JSON as it goes over Temporal: pydantic's, without fields that are None, which keeps histories small."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter, pydantic_data_converter
from temporalio.converter import CompositePayloadConverter, DefaultPayloadConverter, JSONPlainPayloadConverter


class _CompactJson(PydanticJSONPlainPayloadConverter):
    def to_payload(self, value: Any) -> Payload | None:
        return Payload(metadata={"encoding": self.encoding.encode()}, data=to_json(value, exclude_none=True))


class _CompactConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        json = _CompactJson()
        standard = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(json if isinstance(each, JSONPlainPayloadConverter) else each for each in standard))


data_converter = dataclasses.replace(pydantic_data_converter, payload_converter_class=_CompactConverter)
"""What every client and worker of the platform uses. Any SDK's plain JSON is understood as well."""
