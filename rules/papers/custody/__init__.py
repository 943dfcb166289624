"""Custody of a filing: the hands it went through, the acts of each, and the applicant's effort."""
