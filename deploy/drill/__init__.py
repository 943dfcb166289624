"""The restore drill: a backup is brought back in a scratch place, checked there, and thrown away."""
