"""Calls of a client: commands, questions, submissions, and their repeats."""
