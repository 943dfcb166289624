"""Drafts: unfinished submissions that a person saves at the door, and goes on with later, also on another device."""
