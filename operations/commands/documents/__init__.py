"""Commands on files and forms."""
