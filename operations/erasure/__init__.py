"""Erasure of applicants: requested by an operator, approved by an auditor, done in the record, then elsewhere."""
