"""Letters of Vietnamese that no English word has."""

from __future__ import annotations

import re
from typing import Final

ACCENTED: Final = re.compile(r"[àáạảãâầấậẩẫăằắặẳẵèéẹẻẽêềếệểễìíịỉĩòóọỏõôồốộổỗơờớợởỡùúụủũưừứựửữỳýỵỷỹđ]", re.IGNORECASE)
