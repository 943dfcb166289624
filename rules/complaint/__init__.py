"""Complaints about an agency's acts in a filing, as pure functions."""
