"""The platform half of the `motcua` command: what the entry point `platform` of `motcua.commands` names."""

from __future__ import annotations

from typing import Final

from motcua.cli.later import app_of
from operations.command import LATER, alone, grouped

_VIETNAMESE: Final = {
    "up": "Khởi động cả hệ thống trong thư mục này và giữ nó chạy đến khi Ctrl-C.",
    "demo": "Nộp hồ sơ thật ở cả bốn mức độ và theo từng hồ sơ đến khi kết thúc.",
    "dev sign": "Ký thử một tệp thay một người, bằng chứng thư của môi trường thử.",
}
_DEV: Final = "Để thử nghiệm / For trying things out."

app: Final = app_of(
    {
        "up": alone("up", "deploy.commands.up", _VIETNAMESE),
        "demo": alone("demo", "demo.command", _VIETNAMESE),
        **LATER,
        "dev": grouped(("deploy.commands.dev",), _DEV, _VIETNAMESE),
    }
)
