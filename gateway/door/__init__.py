"""The HTTP API, for clients without access to Temporal."""
