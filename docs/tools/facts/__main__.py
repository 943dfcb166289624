"""The facts of the procedures as a page: `python -m docs.tools.facts`."""

import sys

from docs.tools.facts.page import page

sys.stdout.write(page())
