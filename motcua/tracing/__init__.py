"""Traces of filings by OpenTelemetry (docs/operations.md). OpenTelemetry is imported only if a process is traced."""
