"""Custody of a filing: everybody who has had it in hand, the acts of each, and the applicant's effort."""
