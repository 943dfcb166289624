"""The checks of a procedure or calendar before it is published, with every mistake in words."""
