"""Custody of a filing: through whose hands it went, who did what in it, and what it has cost its applicant."""
