"""Complaints about what an agency has done with a filing, as pure functions."""
