"""Erasing who filed: asked for by an operator, approved by an auditor, done in the record and then outside of it."""
