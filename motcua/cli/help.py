"""The help of commands in both languages: the docstring is English, and the Vietnamese line stands before it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Final

import typer
from typer.main import get_command_name

from motcua.cli.language import with_language

KIT: Final[Mapping[str, str]] = {
    "submit": "Nộp một hồ sơ và in biên nhận; nộp lại đúng hồ sơ đó thì được đúng biên nhận đó.",
    "attach": "Đưa các tệp của một hồ sơ vào kho tệp và in tham chiếu của chúng, trước khi nộp.",
    "act": "Thực hiện một việc trên hồ sơ, hoặc luồng khác, và in biên nhận.",
    "show": "Xem hồ sơ đang ở đâu; với --actor: ai đó đang làm được việc gì.",
    "clocks": "Xem các đồng hồ của hồ sơ: chạy từ khi nào, dừng vì sao, hạn khi nào, kết thúc ra sao.",
    "track": "Theo dõi hồ sơ đến khi kết thúc: mỗi thay đổi một dòng.",
    "result of": "Xem kết quả của hồ sơ; với --out: tải tệp về và đối chiếu mã băm.",
    "delivery": "Xem cách nhận kết quả của chính mình: mã nhận tại quầy, đường dẫn; chỉ dành cho người nộp.",
    "pass-over": "Chuyển mọi việc mà cán bộ vắng mặt đã nhận cho người thay, từng việc có biên nhận.",
    "complain": "Khiếu nại về một việc của hồ sơ và in biên nhận.",
    "complaints": "Xem các khiếu nại về hồ sơ và kết quả giải quyết.",
    "back-office": "Chạy bộ phận xử lý máy của cơ quan đến khi Ctrl-C: kiểm tra hồ sơ, lập kết quả.",
    "schemas": "Liệt kê các thông điệp trao đổi với hệ thống; với --out: ghi JSON Schema.",
}
"""What the commands of the kit do, by their names."""


def in_both_languages(app: typer.Typer, vietnamese: Mapping[str, str]) -> None:
    """Give each command the option `--lang` and its Vietnamese line, by its name, in a group behind the group's.

    Raises `KeyError`.
    """
    for command in app.registered_commands:
        if command.callback is not None:
            name = command.name or get_command_name(command.callback.__name__)
            first, *more = inspect.cleandoc(command.callback.__doc__ or "").split("\n\n")
            command.callback = with_language(command.callback)
            command.help = "\n\n".join([f"{vietnamese[name]} / {first}", *more])
    for group in app.registered_groups:
        if group.typer_instance is not None:
            name = f"{group.name or group.typer_instance.info.name} "
            inside = {path.removeprefix(name): line for path, line in vietnamese.items() if path.startswith(name)}
            in_both_languages(group.typer_instance, inside)
