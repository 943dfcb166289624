"""The restore drill: a backup is restored into a scratch folder, checked there, and deleted."""
