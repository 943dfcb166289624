"""A filing: its submission, commands, events and state."""
