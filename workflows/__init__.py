"""Workflows: the steps of long processes, in order, over months."""
