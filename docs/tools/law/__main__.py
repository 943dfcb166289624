"""The matrix of the law as a page, or with `--json` as data: `python -m docs.tools.law`."""

import json
import sys
from dataclasses import asdict

from docs.tools.law.matrix import matrix, page

found = matrix()
if sys.argv[1:] == ["--json"]:
    sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False, indent=2) + "\n")
elif sys.argv[1:]:
    sys.exit("python -m docs.tools.law [--json]")
else:
    sys.stdout.write(page(found))
