"""Callers: access tokens, their issuers and the issuers' keys, and the signing of callers' messages."""
