"""Callers: access tokens, their issuers, the keys of these, and the voice that signs for a caller."""
