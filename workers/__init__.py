"""The processes: their settings, the assembly of their parts, logs, and the workers themselves."""

import gc

# Garbage is collected rarely, from before the imports on: scanning a cache of a thousand workflows after every few
# hundred new objects would take an eighth of the worker's time (docs/performance.md), and as much of its start.
gc.set_threshold(50_000, 20, 100)
