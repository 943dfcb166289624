"""The user half of the `motcua` command. It needs the extra `cli`."""
