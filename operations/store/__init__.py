"""How the object store is kept healthy: is what the log names there, and what lies there that it does not name."""
