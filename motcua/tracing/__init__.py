"""Traces of filings by OpenTelemetry (docs/operations.md): nothing of it is imported unless a process is traced."""
