"""HTTP for everyone who is not on Temporal: for now the callbacks of those who take money."""
