"""The layout of forms. As a program, it loads few modules, and takes 0.06 seconds of CPU instead of 0.75.

`python -m activities.forms.layout MOMENT` reads the content of a form as JSON, and writes its PDF.
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from activities.printing.typesetter import typesetter_of

_TEMPLATE: Final = Path(__file__).with_name("form.typ")


def laid_out(content: Mapping[str, Any], at: datetime) -> bytes:
    """Returns the content of a form as a tagged PDF, created at `at`. Raises the errors of `Typesetter.set`."""
    return typesetter_of(_TEMPLATE).set(content, at)


if __name__ == "__main__":
    sys.stdout.buffer.write(laid_out(json.load(sys.stdin.buffer), datetime.fromisoformat(sys.argv[1])))
