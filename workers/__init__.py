"""The processes: their settings, the assembly of their parts, logs, and the workers themselves."""
