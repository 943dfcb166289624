"""The processes: settings, wiring, logs, and the workers themselves."""
