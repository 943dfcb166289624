"""HTTP beside Temporal: the callbacks of payment providers, and the bytes of files."""
