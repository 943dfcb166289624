"""Registered programs (principals), their statements about messages, and the signatures of these statements."""
