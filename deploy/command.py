"""The platform half of the `motcua` command: what the entry point `platform` of `motcua.commands` names."""

from __future__ import annotations

from typing import Final

from deploy.commands import demo, dev, up
from motcua.cli.help import in_both_languages
from operations.command import app as app

_VIETNAMESE: Final = {
    "up": "Khởi động cả hệ thống trong thư mục này và giữ nó chạy đến khi Ctrl-C.",
    "demo": "Nộp hồ sơ thật ở cả bốn mức độ và theo từng hồ sơ đến khi kết thúc.",
}
for _commands in (up.app, demo.app):
    in_both_languages(_commands, _VIETNAMESE)
    app.registered_commands += _commands.registered_commands
in_both_languages(dev.app, {"sign": "Ký thử một tệp thay một người, bằng chứng thư của môi trường thử."})
app.add_typer(dev.app)
