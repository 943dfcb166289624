"""A template as an agency publishes it: the standard one, with a line of thanks."""

from activities.printing.templates import standard

OURS = standard().replace("#law", "#law\n#text(size: 8pt)[Cảm ơn ông (bà).]")
