"""What a procedure or a calendar must be before it is published, and every mistake in words."""
